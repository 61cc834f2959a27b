"""contexts of traces, beside the records and messages that are sampled.

Only adds: code that does not know the columns leaves them null, which is what an unsampled record
has. A column that is null takes no room in a row, nor a rewrite of the table.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("inbox", "outbox")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("traceparent", sa.Text()))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "traceparent")
