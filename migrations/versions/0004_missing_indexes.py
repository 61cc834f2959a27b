"""indexes for foreign keys and lists that had none.

Each is made without holding up whoever writes. An attempt that was interrupted leaves an invalid
index behind, so each begins by dropping its own.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXES: tuple[tuple[str, str, Sequence[str], str | None], ...] = (
    ("ix_auctions_product_id", "auctions", ("product_id", "id"), None),
    ("ix_auctions_seller_id", "auctions", ("seller_id",), None),
    ("ix_auctions_status_ends_at", "auctions", ("status", "ends_at", "id"), None),
    ("ix_product_images_owner_id", "product_images", ("owner_id",), None),
    ("ix_notices_unread", "notices", ("user_id", "id"), "read_at IS NULL"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns, where in INDEXES:
            _drop(name, table)
            op.create_index(
                name,
                table,
                list(columns),
                postgresql_where=None if where is None else sa.text(where),
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _, _ in reversed(INDEXES):
            _drop(name, table)


def _drop(name: str, table: str) -> None:
    op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
