"""A platform's tables are in the schema that it names; a wrong name ends a process at its start."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.places import CHECKOUT
from tests.integration.database import own_database
from tests.servers import redis_url

REDIS_DATABASE = 6  # of nobody else
APPLICATION = """
from lanes import Platform
platform = Platform.from_env()
celery = platform.celery
platform.lane("orders", partitions=1)(lambda tx, key, records: None)
"""
RUN = ("-m", "lanes", "-A", "my_app:platform", "run", "ingest")
WORKER = ("-m", "celery", "-A", "my_app", "worker", "-Q", "orders", "-P", "solo")


@pytest.fixture(scope="module")
def environment(stack: object) -> Iterator[dict[str, str]]:
    with own_database("schemas") as found:
        yield {**found, "REDIS_URL": redis_url(REDIS_DATABASE)}


def refusal(
    command: tuple[str, ...], folder: Path, environment: dict[str, str], schema: str
) -> str:
    """The one line with which a process ends that is given a wrong schema."""
    (folder / "my_app.py").write_text(APPLICATION)
    done = subprocess.run(
        (sys.executable, *command),
        cwd=folder,
        env={**environment, "LANES_SCHEMA": schema, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", [RUN, WORKER], ids=["bridge", "worker"])
def test_a_schema_without_tables_is_refused(
    tmp_path: Path, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    line = refusal(command, tmp_path, environment, "nowhere")
    assert "schema nowhere is not there: `python -m lanes init`" in line


def test_a_name_that_is_none_is_refused(tmp_path: Path, environment: dict[str, str]) -> None:
    line = refusal(RUN, tmp_path, environment, "Orders; DROP")
    assert line.startswith("python -m lanes: schema: 'Orders; DROP' is no name")
