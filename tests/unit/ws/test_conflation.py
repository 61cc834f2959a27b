"""States are conflated: at most a few a second, with rising versions and all bids."""

from app.domain.auction import AuctionStatus
from app.protocol.outcomes import AuctionState, PublicBid
from app.web.ws.conflation import Conflation

AT = "2026-11-23T12:00:00.000Z"


def a_state(version: int, seqs: range, status: AuctionStatus = "open") -> AuctionState:
    bids = [PublicBid(seq, seq * 100, 1, automatic=False, at=AT) for seq in seqs]
    return AuctionState(
        version=version,
        status=status,
        price=100,
        minimum_next_bid=200,
        bid_count=seqs.stop - 1,
        leader=None,
        reserve="none",
        ends_at=AT,
        extensions=0,
        winner=None,
        last_ends_at=AT,
        bids=bids,
        from_seq=seqs.start,
    )


def test_the_first_state_is_sent_at_once_and_the_next_waits() -> None:
    conflation = Conflation(per_s=5)
    assert conflation.offer(a_state(1, range(1, 2)), 10.0) is not None
    assert conflation.offer(a_state(2, range(2, 3)), 10.1) is None
    assert conflation.due_at == 10.2
    assert conflation.pop_due(10.15) is None


def test_waiting_states_are_merged_with_all_their_bids() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(1, range(1, 2)), 10.0)
    conflation.offer(a_state(2, range(2, 4)), 10.05)
    conflation.offer(a_state(3, range(4, 6)), 10.1)
    pushed = conflation.pop_due(10.2)
    assert pushed is not None
    assert pushed.version == 3
    assert [bid.seq for bid in pushed.bids] == [2, 3, 4, 5]
    assert pushed.from_seq == 2
    assert conflation.due_at is None


def test_a_state_has_at_most_twenty_bids_and_from_seq() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(1, range(1, 2)), 10.0)
    conflation.offer(a_state(2, range(2, 17)), 10.05)
    conflation.offer(a_state(3, range(17, 32)), 10.1)
    pushed = conflation.pop_due(10.2)
    assert pushed is not None
    assert [pushed.from_seq, len(pushed.bids), pushed.bids[-1].seq] == [12, 20, 31]


def test_a_gap_between_states_is_not_hidden() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(1, range(1, 2)), 10.0)
    conflation.offer(a_state(2, range(2, 3)), 10.05)
    conflation.offer(a_state(9, range(8, 9)), 10.1)
    pushed = conflation.pop_due(10.2)
    assert pushed is not None
    assert pushed.from_seq == 8


def test_old_versions_are_dropped() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(5, range(1, 2)), 10.0)
    assert conflation.offer(a_state(5, range(1, 2)), 11.0) is None
    assert conflation.offer(a_state(4, range(1, 2)), 12.0) is None
    assert conflation.due_at is None


def test_a_close_is_sent_at_once() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(1, range(1, 2)), 10.0)
    pushed = conflation.offer(a_state(2, range(2, 2), "closed"), 10.01)
    assert pushed is not None
    assert pushed.status == "closed"


def test_a_late_push_does_not_delay_the_next() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(1, range(1, 2)), 10.0)
    conflation.offer(a_state(2, range(2, 3)), 10.1)
    conflation.pop_due(10.25)
    conflation.offer(a_state(3, range(3, 4)), 10.3)
    assert conflation.pop_due(10.39) is None
    assert conflation.pop_due(10.41) is not None


def test_after_a_pause_the_rate_is_kept() -> None:
    conflation = Conflation(per_s=5)
    conflation.offer(a_state(1, range(1, 2)), 10.0)
    assert conflation.offer(a_state(2, range(2, 3)), 20.0) is not None
    assert conflation.offer(a_state(3, range(3, 4)), 20.1) is None
    assert conflation.due_at == 20.2
