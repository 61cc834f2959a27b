"""The campaign's count: it must see every way in which a bid can be lost, doubled or misplaced."""

from dataclasses import replace

import pytest

from stack.campaign.verdict import OUTCOME, BidRow, Counts, RecordId, count, history_of
from stack.websocket_client import Frame

BIDS = ("a", "b", "c")
LOG: dict[RecordId, str] = {(0, 10): "a", (0, 11): "b", (0, 12): "a", (0, 13): "c"}  # a comes twice
ROWS = [
    BidRow("a", 1, "accepted", 1, automatic=False, record_id=(0, 10)),
    BidRow("b", 1, "accepted", 2, automatic=False, record_id=(0, 11)),
    BidRow("x", 1, "accepted", 3, automatic=True, record_id=(0, 11)),  # the leader's answer to b
    BidRow("c", 1, "rejected", None, automatic=False, record_id=(0, 13)),
]

REPEATS = frozenset({(0, 12)})


def received(bid_id: str, offset: int) -> Frame:
    frame = {"type": "bid.received", "bid_id": bid_id, "partition": 0, "offset": offset}
    return {"event": "told", "frame": frame}


def result(bid_id: str, **changes: object) -> Frame:
    outcome = {**dict.fromkeys(OUTCOME), "status": "accepted", **changes}
    return {"event": "told", "frame": {"type": "bid.result", "bid_id": bid_id, **outcome}}


JOURNAL = [
    received("a", 10),
    received("a", 12),  # of the repeat
    received("b", 11),
    received("c", 13),
    *(result(bid_id) for bid_id in BIDS),
    result("a"),  # delivered again, the same
]


def judged(
    journal: list[Frame] = JOURNAL,
    log: dict[RecordId, str] = LOG,
    rows: list[BidRow] = ROWS,
    others: frozenset[RecordId] = REPEATS,
) -> Counts:
    return count(history_of(journal), log, rows, others)


def test_bids_decided_and_delivered_once_are_correct() -> None:
    assert judged() == Counts(acknowledged=3)


@pytest.mark.parametrize("missing", [(0, 10), (0, 12), (0, 13)])
def test_a_receipt_without_its_record_is_a_lost_bid(missing: RecordId) -> None:
    log = {record_id: bid_id for record_id, bid_id in LOG.items() if record_id != missing}
    assert judged(log=log).lost == 1


def test_a_receipt_naming_another_bids_record_is_a_lost_bid() -> None:
    assert judged(log={**LOG, (0, 13): "b"}).lost == 1


@pytest.mark.parametrize("bid_id", BIDS)
def test_a_bid_without_a_row_is_lost(bid_id: str) -> None:
    assert judged(rows=[row for row in ROWS if row.bid_id != bid_id]).lost == 1


def test_a_record_without_effect_is_lost_though_repeated() -> None:
    assert judged(others=frozenset()).lost == 1


def test_a_bid_without_a_delivered_outcome_is_lost() -> None:
    journal = [line for line in JOURNAL if line["frame"] != result("b")["frame"]]
    assert judged(journal).lost == 1


def test_an_unacknowledged_bid_may_be_missing() -> None:
    journal = [line for line in JOURNAL if line["frame"]["bid_id"] != "c"]
    assert judged(journal, rows=ROWS[:-1]) == Counts(acknowledged=2)


def test_two_different_answers_to_one_bid_are_a_doubled_bid() -> None:
    assert judged([*JOURNAL, result("b", status="rejected", code="TOO_LOW")]).doubled == 1


def test_an_answer_after_a_failure_is_no_second_answer() -> None:
    assert judged([*JOURNAL, result("b", status="failed")]).doubled == 0


def test_two_rows_of_one_record_are_a_doubled_bid() -> None:
    second = replace(ROWS[0], bid_id="a2", status="rejected", seq=None)
    assert judged(rows=[*ROWS, second]).doubled == 1


def test_a_sequence_against_the_order_of_the_log_is_misordered() -> None:
    swapped = [replace(ROWS[0], seq=2), replace(ROWS[1], seq=1), *ROWS[2:]]
    assert judged(rows=swapped).misordered == 1


def test_a_failed_bid_is_counted_and_not_lost() -> None:
    journal = [line for line in JOURNAL if line["frame"] != result("c")["frame"]]
    failed = judged(
        [*journal, result("c", status="failed")],
        rows=[*ROWS[:-1], replace(ROWS[-1], status="failed")],
    )
    assert (failed.lost, failed.failed) == (0, 1)
