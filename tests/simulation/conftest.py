"""Simulated processes log nothing."""

from collections.abc import Iterator

import pytest

from lanes.testing.simulation import without_logs


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> Iterator[None]:
    """No log line of ours while a simulation runs."""
    with without_logs():
        yield
