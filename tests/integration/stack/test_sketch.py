"""The sketch beside the benchmark: what PostgreSQL does for it would slow the house's next step."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from stack import Stack
from stack.bench import sketch
from stack.bench.sketch import Sketch
from tests.integration.database import own_database
from tests.waiting import wait_until

IS_BUSY = """
SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active')"""
WORKER = """
import os, psycopg2
psycopg2.connect(os.environ["SKETCH_DSN"]).cursor().execute(
    "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"
)
"""


def is_busy(environment: Mapping[str, str]) -> bool:
    """Whether a statement is being carried out in this database, but for the question."""
    with closing(psycopg2.connect(environment["DATABASE_URL"])) as connection:
        cursor = connection.cursor()
        cursor.execute(IS_BUSY)
        return bool(cursor.fetchall()[0][0])


def test_a_statement_of_the_sketch_is_waited_for_and_ends_with_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "prepare.py").write_text("")
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setattr(sketch, "WORK_DIR", tmp_path)
    monkeypatch.setattr(sketch, "PROCESSES", {"worker": ("python", "worker.py")})
    monkeypatch.setattr(sketch, "BEGIN_S", 0.0)
    with own_database("sketched") as environment:
        tried = Sketch(stack, {**environment, "SKETCH_DSN": environment["DATABASE_URL"]})
        tried.start()
        wait_until(lambda: is_busy(environment), what="its statement has begun")
        assert not tried.wait_until_idle(within_s=3.0)
        tried.stop()
        wait_until(lambda: not is_busy(environment), what="its statement has ended")
