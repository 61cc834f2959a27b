"""The audit compares the frames that clients received with Kafka and the stores."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, cast

import pytest

from tests.integration.audit.journals import Frame, Journal
from tests.integration.audit.scenario import SettledScenario


def violated(settled: SettledScenario, journal: Journal) -> list[str]:
    return settled.audit(settled.open, journal.path).violated


def setting(name: str, value: Any) -> Callable[[Frame], None]:
    """Sets a field of a frame."""

    def change(frame: Frame) -> None:
        frame[name] = value

    return change


def test_a_true_journal_is_clean_and_everything_is_checked(
    settled: SettledScenario, journal: Journal
) -> None:
    results = settled.audit(settled.open, journal.path)
    assert results.violated == []
    unchecked = {name: result.unchecked for name, result in results if result.unchecked is not None}
    assert unchecked == {"I10": "there is no case of it"}  # it is open still
    assert results["I1"].checked == len(settled.receipts)


def test_without_a_journal_the_report_names_what_is_unchecked(settled: SettledScenario) -> None:
    results = settled.audit(settled.open)
    assert results["I1"].unchecked == results["I13"].unchecked == "it needs --journal"
    assert results["I5"].gaps == results["I14"].gaps == ["what clients were told needs --journal"]


@pytest.mark.parametrize(
    "change",
    [
        setting("offset", 10**9),
        lambda frame: frame.update(offset=frame["offset"] ^ 1),  # of another record
        setting("amount", 4),
        setting("bid_id", "none"),
    ],
    ids=["beyond the log", "another offset", "amount", "bid"],
)
def test_a_forged_receipt_is_noticed(
    settled: SettledScenario, journal: Journal, change: Callable[[Frame], None]
) -> None:
    journal.forge("bid.received", change)
    assert violated(settled, journal) == ["I1"]


def test_a_receipt_of_another_partition_is_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    journal.forge("bid.received", lambda frame: frame.update(partition=frame["partition"] ^ 1))
    assert violated(settled, journal) == ["I1"]


def test_two_different_answers_to_one_bid_are_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    journal.repeat("bid.result", setting("price", 1))
    assert violated(settled, journal) == ["I5"]


def test_an_answer_that_is_not_the_stored_one_is_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    journal.forge("bid.result", setting("alias", 17))
    assert violated(settled, journal) == ["I5"]


def test_a_failure_pushed_after_the_outcome_is_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    nothing = dict.fromkeys(
        ("standing", "code", "seq", "alias", "price", "minimum_next_bid", "ends_at", "decided_at")
    )
    lines = journal.lines()
    result = next(line for line in lines if line["frame"].get("type") == "bid.result")
    failed = {**result, "frame": {**result["frame"], **nothing, "status": "failed"}}
    journal.write([{**failed, "at_ms": -1}, *lines])
    assert violated(settled, journal) == []
    journal.write([*lines, {**failed, "at_ms": 10**6}])
    assert violated(settled, journal) == ["I5"]


def test_another_state_after_a_reconnect_is_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    journal.forge("reconnected", lambda frame: frame["state"].update(price=1))
    results = settled.audit(settled.open, journal.path)
    assert results.violated == ["I13"]
    assert "price 1, not" in results["I13"].examples[0]


def test_an_acknowledged_message_that_is_not_stored_is_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    journal.forge("chat.received", setting("message_id", "00000000-0000-5000-8000-000000000000"))
    assert violated(settled, journal) == ["I14"]


def test_a_message_pushed_out_of_order_is_noticed(
    settled: SettledScenario, journal: Journal
) -> None:
    journal.forge("chat.message", setting("seq", 10**6))
    assert violated(settled, journal) == ["I14"]
    journal.repeat("chat.message", lambda _: None)
    assert violated(settled, journal) == ["I14"]


@contextmanager
def document(settled: SettledScenario, change: dict[str, Any] | None) -> Any:
    """Change or delete the first stored message inside."""
    messages = settled.container.messages._messages
    before = messages.find_one({"_id": str(settled.chat_message_ids[0])})
    assert before is not None
    messages.delete_one({"_id": before["_id"]})
    if change is not None:
        messages.insert_one({**before, **change})
    try:
        yield
    finally:
        messages.delete_one({"_id": before["_id"]})
        messages.insert_one(before)


@pytest.mark.parametrize("change", [None, {"seq": 10**6}, {"text": "other"}, {"room_id": 10**9}])
def test_a_message_lost_or_altered_in_the_store_is_noticed(
    settled: SettledScenario, change: dict[str, Any] | None
) -> None:
    with document(settled, change):
        assert settled.audit(settled.open).violated == ["I14"]
    assert settled.audit(settled.open).violated == []


def test_a_message_pushed_and_not_stored_is_noticed(settled: SettledScenario) -> None:
    redis = settled.container.fanout
    key = f"room:{settled.open.room_id}:tail"
    first, seq = cast("Any", redis.zrange(key, 0, -1, withscores=True))[0]
    redis.zrem(key, first)
    forged = first.replace(str(settled.chat_message_ids[0]), "00000000-0000-5000-8000-000000000000")
    redis.zadd(key, {forged: seq})
    try:
        assert settled.audit(settled.open).violated == ["I14"]
    finally:
        redis.zrem(key, forged)
        redis.zadd(key, {first: seq})
    assert settled.audit(settled.open).violated == []
