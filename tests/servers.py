"""The servers that tests use: each process of pytest-xdist has its own, which it may kill."""

import os

from stack import Stack
from stack.chores import TESTS_PROFILES

WORKER = "PYTEST_XDIST_WORKER"  # gw0, gw1; not set where tests run one after another


def own_stack() -> Stack:
    """The stack whose servers the tests of this process use."""
    number = int(os.environ.get(WORKER, "gw0").removeprefix("gw"))
    return Stack.of(TESTS_PROFILES[number])
