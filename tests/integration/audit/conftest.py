"""A house that was built by its own processes and then left alone, so that it may be tampered with
while nobody repairs anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.settings import read_settings
from stack import Stack
from tests.containers import Container, build_container
from tests.integration.audit.journals import Journal, truthful_journal
from tests.integration.audit.scenario import (
    SettledScenario,
    build_scenario,
    leave_waiting,
    wait_all_settled,
)
from tests.operator import Operator
from tests.waiting import CALL_S

BRIDGE, WORKER = NAMES = ("audit-bridge", "audit-worker-bids-0")


@pytest.fixture(scope="package")
def container(stack: Stack) -> Iterator[Container]:
    """The application's services in this process."""
    container = build_container(read_settings(stack.environment()), application="tests")
    producers = (container.producer, container.chat_producer)
    assert all(producer.wait_connected(CALL_S) for producer in producers)
    yield container
    for producer in producers:
        producer.close()
    container.log_reader.close()
    container.engine.dispose()


@pytest.fixture(scope="package")
def operator(stack: Stack, container: Container) -> Operator:
    """An operator at the command line."""
    return Operator(stack, container)


@pytest.fixture(scope="package")
def settled(stack: Stack, container: Container) -> SettledScenario:
    """Auctions with their chat, decided, published and at rest; no process runs any more."""
    with running(stack):
        settled = build_scenario(container)
        # The clock may have requested a close once more just before it was decided. One that has
        # restarted does not, and what its predecessor requested is in the log.
        stack.control.stop(BRIDGE)
        stack.control.start(BRIDGE)
        wait_all_settled(settled)
        stack.control.stop(WORKER)
        leave_waiting(settled)
    return settled


@contextmanager
def running(stack: Stack) -> Iterator[None]:
    """The bridge and a worker run inside."""
    programs = [p for p in stack.application(prefix="audit-") if p.name in NAMES]
    with stack.control.running(programs):
        yield


@pytest.fixture
def journal(settled: SettledScenario, tmp_path: Path) -> Journal:
    """A true journal of clients of the open auction."""
    return truthful_journal(settled, tmp_path / "journal.jsonl")
