"""epochs: what a restore of the database begins, and the ids that it lost.

Adds a table with its first row. Code that does not know it goes on; tokens that name no epoch are
refused, and clients refresh them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "epochs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("admitted", sa.Text()),
        sa.Column("gone", JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("published", JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column(
            "begun_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_epochs"),
    )
    op.execute("INSERT INTO epochs (name) VALUES (gen_random_uuid()::text)")


def downgrade() -> None:
    op.drop_table("epochs")
