"""The bridge and a bid worker on the tests' servers, and the commands of operators."""

from collections.abc import Iterator

import pytest

from app.settings import read_settings
from stack import Stack
from tests.containers import Container, build_container
from tests.integration.lanes.cluster import LaneCluster
from tests.operator import Operator
from tests.waiting import CALL_S

PREFIX = "replay-"
PROCESSES = ("bridge", "worker-bids-0", "worker-other")


@pytest.fixture(scope="package")
def container(stack: Stack) -> Iterator[Container]:
    """The application's services in this process."""
    container = build_container(read_settings(stack.environment()), application="tests")
    assert container.producer.wait_connected(CALL_S)  # it would say so amid what commands print
    yield container
    container.producer.close()
    container.engine.dispose()


@pytest.fixture(scope="package")
def cluster(stack: Stack, container: Container) -> Iterator[LaneCluster]:
    """Bridge and workers running."""
    names = [PREFIX + process for process in PROCESSES]
    programs = [each for each in stack.application(prefix=PREFIX) if each.name in names]
    with stack.control.running(programs):
        yield LaneCluster(stack, container, prefix=PREFIX)


@pytest.fixture(scope="package")
def operator(stack: Stack, container: Container) -> Operator:
    """An operator at the command line."""
    return Operator(stack, container)
