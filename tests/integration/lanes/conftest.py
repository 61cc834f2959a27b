"""The bridge and four bid workers on the tests' servers, for tests that kill them."""

from collections.abc import Iterator

import pytest

from app.settings import read_settings
from stack import Program, Stack
from tests.containers import Container, build_container
from tests.integration.lanes.cluster import LaneCluster

PREFIX = "lanes-"
WORKERS = 4


@pytest.fixture(scope="package")
def container(stack: Stack) -> Iterator[Container]:
    """The application's services in this process, to look at what the others did."""
    container = build_container(read_settings(stack.environment()), application="tests")
    yield container
    container.engine.dispose()


@pytest.fixture(scope="package")
def cluster(stack: Stack, container: Container) -> Iterator[LaneCluster]:
    """Bridge and workers running."""
    with stack.control.running(_programs(stack)):
        yield LaneCluster(stack, container, prefix=PREFIX)


def _programs(stack: Stack) -> list[Program]:
    by_name = {program.name: program for program in stack.application(prefix=PREFIX)}
    bridge = by_name[f"{PREFIX}bridge"]
    worker = by_name[f"{PREFIX}worker-bids-0"]
    workers = [
        Program(
            name=name,
            command=tuple(part.replace(worker.name, name) for part in worker.command),
            environment=worker.environment,
        )
        for name in (f"{PREFIX}worker-bids-{number}" for number in range(WORKERS))
    ]
    return [bridge, by_name[f"{PREFIX}worker-other"], *workers]
