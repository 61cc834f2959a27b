"""an archive for what was decided about auctions that ended long ago.

Only adds: code that does not know the archive reads and writes `bids` and `decisions` as before, as
long as nothing has been moved. Partitions of the archive are made when rows are moved
(app/adapters/postgres/archive.py).

Going back moves the rows back, so nothing is lost by it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)
BIDS = """bid_id, auction_id, bidder_id, key, amount, kind, confirm, status, code, seq, automatic,
  partition, "offset", log_time, standing, alias, public_amount, price, minimum_next_bid, ends_at,
  decided_at, chain"""
DECISIONS = """topic, partition, "offset", auction_id, type, effect, code, bid_id, log_time,
  decided_at, detail, chain"""


def upgrade() -> None:
    op.add_column("auction_bidders", sa.Column("archived_maximum", sa.BigInteger()))
    _create_archive()
    for table, columns in (("bids", BIDS), ("decisions", DECISIONS)):
        op.execute(
            f"CREATE VIEW all_{table} AS SELECT {columns} FROM {table} "  # noqa: S608 - our own
            f"UNION ALL SELECT {columns} FROM {table}_archive"
        )


def _create_archive() -> None:
    op.create_table(
        "bids_archive",
        sa.Column("bid_id", sa.UUID(), nullable=False),
        sa.Column("auction_id", sa.BigInteger(), nullable=False),
        sa.Column("bidder_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("automatic", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("log_time", INSTANT, nullable=False),
        sa.Column("standing", sa.Text()),
        sa.Column("alias", sa.Integer()),
        sa.Column("public_amount", sa.BigInteger()),
        sa.Column("price", sa.BigInteger()),
        sa.Column("minimum_next_bid", sa.BigInteger()),
        sa.Column("ends_at", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("chain", sa.Text()),
        sa.CheckConstraint(
            "status IN ('accepted', 'rejected')", name=op.f("ck_bids_archive_status")
        ),
        sa.PrimaryKeyConstraint("auction_id", "bid_id", name=op.f("pk_bids_archive")),
        postgresql_partition_by="RANGE (auction_id)",
    )
    op.create_index(
        "uq_bids_archive_auction_id_seq",
        "bids_archive",
        ["auction_id", "seq"],
        unique=True,
        postgresql_where=sa.text("seq IS NOT NULL"),
    )
    op.create_table(
        "decisions_archive",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("auction_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("bid_id", sa.UUID()),
        sa.Column("log_time", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("chain", sa.Text()),
        sa.PrimaryKeyConstraint(
            "auction_id", "topic", "partition", "offset", name=op.f("pk_decisions_archive")
        ),
        postgresql_partition_by="RANGE (auction_id)",
    )


def downgrade() -> None:
    for table, columns in (("bids", BIDS), ("decisions", DECISIONS)):
        op.execute(f"DROP VIEW all_{table}")
        back = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_archive"  # noqa: S608
        op.execute(back)
        op.drop_table(f"{table}_archive")
    op.drop_column("auction_bidders", "archived_maximum")
