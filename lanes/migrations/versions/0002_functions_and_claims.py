"""versions of lanes whose handler is a function, claims of workers, headers of records."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import Operations

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WITH_HEADERS = ("inbox", "outbox", "dead_letters")


def upgrade(op: Operations, schema: str) -> None:
    for table in WITH_HEADERS:
        op.add_column(table, sa.Column("headers", sa.Text()), schema=schema)
    op.create_table(
        "lane_versions",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("settled_offset", sa.BigInteger()),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_lane_versions")),
        schema=schema,
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "claims",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("until_offset", sa.BigInteger(), nullable=False),
        sa.Column("is_isolated", sa.Boolean(), nullable=False),
        sa.Column("crashes", sa.SmallInteger(), nullable=False),
        sa.Column("server_started_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_claims")),
        schema=schema,
    )


def downgrade(op: Operations, schema: str) -> None:
    op.drop_table("claims", schema=schema)
    op.drop_table("lane_versions", schema=schema)
    for table in WITH_HEADERS:
        op.drop_column(table, "headers", schema=schema)
