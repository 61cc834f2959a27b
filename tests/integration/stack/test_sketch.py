"""The sketch beside the benchmark: what PostgreSQL does for it would slow the house's next step."""

from pathlib import Path

import pytest

from stack import Stack
from stack.bench import sketch
from stack.bench.sketch import IS_BUSY, Sketch
from tests.integration.database import own_database
from tests.waiting import wait_until

WORKER = """
import os, psycopg2
psycopg2.connect(os.environ["SKETCH_DSN"]).cursor().execute("SELECT pg_sleep(600)")
"""


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
        wait_until(lambda: tried._ask(IS_BUSY), what="its statement has begun")
        assert not tried.wait_until_idle(within_s=3.0)
        tried.stop()
        wait_until(lambda: not tried._ask(IS_BUSY), what="its statement has ended")
