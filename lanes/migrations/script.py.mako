"""${message}."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import Operations
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade(op: Operations, schema: str) -> None:
    ${upgrades if upgrades else "pass"}


def downgrade(op: Operations, schema: str) -> None:
    ${downgrades if downgrades else "pass"}
