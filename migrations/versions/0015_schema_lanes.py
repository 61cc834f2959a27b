"""the platform's tables move into their own schema `lanes`, with migrations of their own.

Nothing is copied. Views under the old names stay, through which code of the last release goes on
reading and writing during a deploy.
"""

from collections.abc import Sequence

from alembic import op

from lanes.migrations import VERSION_TABLE
from lanes.migrations import downgrade as downgrade_lanes
from lanes.migrations import upgrade as upgrade_lanes

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SCHEMA = "lanes"
TABLES = (
    "inbox", "ingest_progress", "outbox", "dead_letters", "replays", "parked_lanes",
    "parked_partitions",
)  # fmt: skip
FIRST, SECOND = "0001", "0002"  # of lanes/migrations: what was made so far, and what is added


def upgrade() -> None:
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET SCHEMA {SCHEMA}")
        op.execute(f"CREATE VIEW {table} AS SELECT * FROM {SCHEMA}.{table}")  # noqa: S608 - ours
    op.execute(
        f"CREATE TABLE {SCHEMA}.{VERSION_TABLE} (version_num varchar(32) NOT NULL, "
        f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
    )
    op.execute(f"INSERT INTO {SCHEMA}.{VERSION_TABLE} VALUES ('{FIRST}')")  # noqa: S608 - ours
    upgrade_lanes(op.get_bind(), schema=SCHEMA, revision=SECOND)


def downgrade() -> None:
    downgrade_lanes(op.get_bind(), schema=SCHEMA, revision=FIRST)
    op.execute(f"DROP TABLE {SCHEMA}.{VERSION_TABLE}")
    for table in reversed(TABLES):
        op.execute(f"DROP VIEW {table}")
        op.execute(f"ALTER TABLE {SCHEMA}.{table} SET SCHEMA public")
    op.execute(f"DROP SCHEMA {SCHEMA}")
