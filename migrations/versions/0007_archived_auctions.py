"""when all that was decided about an auction was moved to the archive.

A migration of its own, because settling writes this table and `auction_bidders` in one transaction.
Code that does not know the column leaves it as it is, also when it decides a late record of an
archived auction: that record then stays where it was written.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_auctions_unarchived"


def upgrade() -> None:
    op.add_column("auctions", sa.Column("archived_at", sa.DateTime(timezone=True)))
    with op.get_context().autocommit_block():
        _drop()
        op.create_index(
            INDEX,
            "auctions",
            ["closed_at"],
            postgresql_where=sa.text("closed_at IS NOT NULL AND archived_at IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _drop()
    op.drop_column("auctions", "archived_at")


def _drop() -> None:
    op.drop_index(INDEX, table_name="auctions", if_exists=True, postgresql_concurrently=True)
