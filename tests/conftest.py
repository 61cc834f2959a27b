"""Which tests run side by side, on servers of their own (see `make test`)."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.servers import WORKER, own_stack

# Tests of these folders share a cluster or a topic: one process runs them in order.
# Elsewhere one process runs the tests of one file.
SHARED = (
    "tests/integration/lanes/",
    "tests/integration/replay/",
    "tests/integration/audit/",
)
# Long groups start first, so that all processes end at the same time; files that use the same
# cluster follow each other, so that a process keeps it. Then comes the rest.
FIRST = (
    "tests/e2e/faults/test_campaign.py",
    "tests/e2e/page/",
    "tests/e2e/faults/",
    "tests/e2e/",
    "tests/simulation/",
    "tests/integration/intake/test_owners.py",
    "tests/integration/lanes/",
    "tests/integration/replay/",
    "tests/integration/audit/",
    "tests/integration/",
)

if WORKER in os.environ:  # pytest was started with the environment of the first
    os.environ.update(own_stack().environment())


def group_of(nodeid: str) -> str:
    """Return the group of a test, its folder or its file: one process runs a whole group."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in SHARED if file.startswith(folder)), file)


def place_of(nodeid: str) -> int:
    """Return when a test begins among the others: the smaller, the earlier."""
    places = [place for place, start in enumerate(FIRST) if nodeid.startswith(start)]
    return min(places, default=len(FIRST))


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives whole groups to the processes.

    pytest-xdist's own `--dist loadgroup` groups nothing under pytest 9.2, and says nothing of it
    (its issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling:
    """Choose how tests are given to processes."""
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests into the order in which they begin."""
    items.sort(key=lambda item: place_of(item.nodeid))
