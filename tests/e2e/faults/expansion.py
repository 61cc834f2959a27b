"""A migration that only adds: what a rolling restart has in its middle."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.script import ScriptDirectory

from stack import Stack
from tests.integration.lanes.cluster import run_tool

REVISION = '''"""A table, a column and an index of it: none is known to the running code."""

import sqlalchemy as sa
from alembic import op

revision = "expanded"
down_revision = "{head}"


def upgrade():
    op.create_table("expanded", sa.Column("id", sa.BigInteger(), primary_key=True))
    op.add_column("bids", sa.Column("expanded", sa.Text()))
    with op.get_context().autocommit_block():
        op.create_index("ix_expanded", "bids", ["expanded"], postgresql_concurrently=True)


def downgrade():
    op.drop_index("ix_expanded", "bids")
    op.drop_column("bids", "expanded")
    op.drop_table("expanded")
'''
CONFIGURATION = """\
[alembic]
script_location = {root}/migrations
prepend_sys_path = {root}
path_separator = newline
version_locations =
    {root}/migrations/versions
    {own}
"""


@contextmanager
def expanded(stack: Stack, directory: Path) -> Iterator[None]:
    """The database has more than the code knows, until left; `directory` is empty."""
    root = stack.places.root
    head = ScriptDirectory(str(root / "migrations")).get_current_head()
    (directory / "expanded.py").write_text(REVISION.format(head=head), encoding="utf-8")
    configuration = directory / "alembic.ini"
    configuration.write_text(CONFIGURATION.format(root=root, own=directory), encoding="utf-8")
    run_tool(stack, "alembic", "-c", str(configuration), "upgrade", "expanded")
    try:
        yield
    finally:
        run_tool(stack, "alembic", "-c", str(configuration), "downgrade", str(head))
