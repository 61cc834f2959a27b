"""Which tests run side by side, on servers of their own (see `make test`)."""

import os

import pytest

from tests.servers import WORKER, own_stack

# Tests of a group share a house or its log, so one process runs them, in their order. The longest
# come first; tests of no group come last, each wherever there is time.
GROUPS = (
    "tests/e2e/",
    "tests/e2e/faults/",
    "tests/e2e/faults/test_campaign.py",
    "tests/e2e/abuse/",
    "tests/simulation/",
    "tests/integration/lanes/",
    "tests/integration/intake/",
    "tests/integration/replay/",
    "tests/integration/audit/",
    "tests/integration/http/",
    "tests/integration/",
)

if WORKER in os.environ:  # pytest was started with the environment of the first
    os.environ.update(own_stack().environment())


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into its group, and the groups into their order."""
    for item in items:
        if group := _group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=_place_of)


def _group_of(item: pytest.Item) -> str:
    """The group whose path is the longest that the test's begins with; empty: none."""
    return max((group for group in GROUPS if item.nodeid.startswith(group)), key=len, default="")


def _place_of(item: pytest.Item) -> int:
    group = _group_of(item)
    return GROUPS.index(group) if group else len(GROUPS)
