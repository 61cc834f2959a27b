"""when hot tables are vacuumed, whatever the server's own settings are (docs/capacity.md).

Inbox and outbox live by insert and delete: they are vacuumed after so many dead rows, not after a
share of what they held at their fullest, at full speed, because they are small; and keep their
files, because giving the end of a file back needs a lock that nobody else may hold meanwhile.
Tables that only grow are looked at after a fiftieth of them, not a fifth: after years that fifth
is a hundred million rows.

Each takes a lock that neither readers nor writers wait for.
"""

from collections.abc import Mapping, Sequence

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

QUEUE = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "500",
    "autovacuum_vacuum_cost_delay": "0",
    "vacuum_truncate": "off",
}
LARGE = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.02",
    "autovacuum_analyze_scale_factor": "0.02",
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "inbox": QUEUE,
    "outbox": QUEUE,
    "bids": LARGE,
    "decisions": LARGE,
    "notices": LARGE,
    "auctions": LARGE,
    "auction_bidders": LARGE,
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, settings in TABLES.items():
            listed = ", ".join(f"{name} = {value}" for name, value in settings.items())
            op.execute(f"ALTER TABLE {table} SET ({listed})")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table, settings in TABLES.items():
            op.execute(f"ALTER TABLE {table} RESET ({', '.join(settings)})")
