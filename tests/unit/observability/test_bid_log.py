"""Which bids are followed through the logs."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.domain.ids import bid_id
from app.observability.bid_log import log_bid_step, set_sample_rate

BIDS = [str(bid_id(bidder, 7, "key")) for bidder in range(2_000)]


@pytest.fixture(autouse=True)
def follow_all_again() -> Iterator[None]:
    yield
    set_sample_rate(1)


def followed() -> set[str]:
    with capture_logs() as lines:
        for bid in BIDS:
            log_bid_step("bid_sent", bid, auction_id=7)
    assert all(UUID(line["bid_id"]) and line["event"] == "bid_sent" for line in lines)
    return {line["bid_id"] for line in lines}


def test_every_bid_is_followed_unless_told_otherwise() -> None:
    assert followed() == set(BIDS)


def test_the_same_bids_are_followed_at_every_step_and_about_as_many_as_wished() -> None:
    set_sample_rate(10)
    first = followed()
    assert first == followed()
    assert 120 < len(first) < 280
