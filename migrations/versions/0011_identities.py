"""identities: an account has one log-in of each provider.

The unique index takes the place of the one on `user_id`, which it serves as well. No code of before
writes the table.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "uq_identities_user_id_provider", "identities", ["user_id", "provider"], unique=True
    )
    op.drop_index(op.f("ix_identities_user_id"), "identities")


def downgrade() -> None:
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"])
    op.drop_index("uq_identities_user_id_provider", "identities")
