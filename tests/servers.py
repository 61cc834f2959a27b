"""The servers that tests use: each process of pytest-xdist has its own, which it may kill."""

import os
from urllib.parse import urlsplit

from stack import Stack
from stack.chores import TESTS_PROFILES

WORKER = "PYTEST_XDIST_WORKER"  # gw0, gw1; not set where tests run one after another


def own_stack() -> Stack:
    """Return the stack whose servers the tests of this process use."""
    number = int(os.environ.get(WORKER, "gw0").removeprefix("gw"))
    return Stack.of(TESTS_PROFILES[number])


def redis_url(database: int) -> str:
    """A database of Redis for the stack's operator, who may use any key and any channel."""
    return urlsplit(own_stack().addresses()["REDIS_URL"])._replace(path=f"/{database}").geturl()
