"""Simulated processes log nothing: it would be a hundred thousand lines."""

from collections.abc import Iterator

import pytest
import structlog
from structlog.typing import EventDict, WrappedLogger


@pytest.fixture(autouse=True, scope="module")
def without_logs() -> Iterator[None]:
    """No log line of ours while a simulation runs."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(_: WrappedLogger, __: str, ___: EventDict) -> EventDict:
    raise structlog.DropEvent
