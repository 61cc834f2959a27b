"""Which bids' steps are logged."""

from collections.abc import Iterator
from types import SimpleNamespace
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.domain.ids import bid_id
from app.observability.bid_log import log_bid_step, set_sample

BIDS = [str(bid_id(bidder, 7, "key")) for bidder in range(2_000)]


@pytest.fixture(autouse=True)
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time that the log sees, in seconds; every bid is logged again afterwards."""
    now = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("app.observability.bid_log.time", clock)
    yield now
    set_sample(every=1, steps_per_s=0)


def logged() -> set[str]:
    with capture_logs() as lines:
        for bid in BIDS:
            log_bid_step("bid_sent", bid, auction_id=7)
    assert all(UUID(line["bid_id"]) and line["event"] == "bid_sent" for line in lines)
    return {line["bid_id"] for line in lines}


def test_every_bid_is_logged_while_they_are_few(second: list[float]) -> None:
    set_sample(every=10_000_000, steps_per_s=len(BIDS))
    assert logged() == set(BIDS)
    assert logged() == set()
    second[0] += 1
    assert logged() == set(BIDS)


def test_above_the_rate_the_same_share_of_bids_is_logged() -> None:
    set_sample(every=10, steps_per_s=0)
    first = logged()
    assert first == logged()
    assert 120 < len(first) < 280
