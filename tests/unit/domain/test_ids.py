"""Derived ids are UUIDv5, in both ways to compute them."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import BID_NAMESPACE, bid_id, bid_id_text

IDS = st.integers(1, 2**63 - 1)


@given(IDS, IDS, st.text(max_size=64))
def test_the_id_of_a_bid_is_the_uuidv5_of_its_name(bidder: int, auction: int, key: str) -> None:
    try:
        expected = uuid5(BID_NAMESPACE, f"{bidder}:{auction}:{key}")
    except UnicodeEncodeError:  # a surrogate is in no key
        return
    assert bid_id(bidder, auction, key) == expected
    assert bid_id_text(bidder, auction, key) == str(expected)


def test_the_id_of_a_bid_is_stable() -> None:
    assert bid_id(7, 42, "k-1") == UUID("3d061879-5141-5f09-9f1f-2e9a1a1cfac3")
