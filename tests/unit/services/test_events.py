"""The event of a settle is written as wire.md has it, and read by broadcast and gateways."""

import json
from typing import Any

import pytest

from app.domain.ids import bid_id
from app.protocol.fanout import auction_state_decoder, user_outcomes_decoder
from app.protocol.pushes import bid_refused, bid_result
from app.protocol.records import auction_event_decoder, auction_version_decoder
from app.services.events import auction_event, event_message, failure_event
from bridge.pipelines.broadcast import by_user
from tests.unit.domain.builders import ANN, AUCTION, BOB, Lane

OUTCOME = (
    "status", "standing", "code", "seq", "alias", "price", "minimum_next_bid", "ends_at",
    "decided_at",
)  # fmt: skip
STATE = (
    "version", "status", "price", "minimum_next_bid", "bid_count", "leader", "reserve", "ends_at",
    "extensions", "winner", "last_ends_at", "bids", "from_seq",
)  # fmt: skip
# As it was written before the event had a type of its own.
OLD_EVENT = (
    '{"v":1,"auction_id":42,"version":1,"state":{"version":1,"status":"open","price":2000,'
    '"minimum_next_bid":2100,"bid_count":1,"leader":{"alias":1},"reserve":"none",'
    '"ends_at":"2026-11-23T13:00:00.000Z","extensions":0,"winner":null,'
    '"last_ends_at":"2026-11-23T13:00:00.000Z","bids":[{"seq":1,"amount":2000,"alias":1,'
    '"automatic":false,"at":"2026-11-23T12:00:01.000Z"}],"from_seq":1},"outcomes":[{"bid_id":'
    '"6b0e0c67-49c2-5d7f-8d0f-6d6f5b0b8a11","bidder_id":2,"key":"k","status":"accepted",'
    '"standing":"leading","code":null,"seq":1,"alias":1,"price":2000,"minimum_next_bid":2100,'
    '"ends_at":"2026-11-23T13:00:00.000Z","decided_at":"2026-11-23T12:00:01.000Z"}],"refused":'
    '[{"bidder_id":2,"key":"k","amount":9,"kind":"exact","partition":3,"offset":101,'
    '"code":"KEY_REUSED"}]}'
)


def event_of(lane: Lane, **traces: str) -> str:
    """The message about all that the lane has decided."""
    found = {int(offset.removeprefix("at_")): trace for offset, trace in traces.items()}
    event = auction_event(lane.auction, lane.entries, lane.ledger.aliases, found)
    return event_message(event).payload


def test_an_outcome_has_the_fields_of_its_page_and_no_other() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000, key="a")
    event = json.loads(event_of(lane))
    assert set(event) == {"v", "auction_id", "version", "state", "outcomes", "refused"}
    (outcome,) = event["outcomes"]
    assert set(outcome) == {"bid_id", "bidder_id", "key", *OUTCOME}
    assert outcome["bid_id"] == str(bid_id(ANN, AUCTION, "a"))
    assert (outcome["status"], outcome["standing"], outcome["alias"]) == ("accepted", "leading", 1)
    assert set(event["state"]) == set(STATE)
    assert (event["state"]["from_seq"], event["state"]["bids"][0]["amount"]) == (1, 2_000)


def test_a_repeat_says_so_and_a_trace_is_named() -> None:
    lane = Lane()
    lane.place(ANN, 2_000, key="a")
    lane.place(ANN, 2_000, key="a")
    first, again = json.loads(event_of(lane, at_101="00-1-2-01"))["outcomes"]
    assert "repeated" not in first
    assert "traceparent" not in first
    assert (again["repeated"], again["traceparent"]) == (True, "00-1-2-01")
    assert {name: first[name] for name in OUTCOME} == {name: again[name] for name in OUTCOME}


def test_a_reused_key_is_refused_and_has_no_outcome() -> None:
    lane = Lane()
    lane.place(ANN, 2_000, key="a")
    lane.place(ANN, 3_000, "max", key="a")
    event = json.loads(event_of(lane))
    assert len(event["outcomes"]) == 1
    assert event["refused"] == [
        {"bidder_id": ANN, "key": "a", "amount": 3_000, "kind": "max", "partition": 3,
         "offset": 101, "code": "KEY_REUSED"}
    ]  # fmt: skip


def test_a_failed_bid_has_no_more_than_its_status() -> None:
    lane = Lane()
    bid = lane.decided(ANN, 2_000, key="a").record
    event = json.loads(event_message(failure_event(lane.auction, [bid], {ANN: 1}, {})).payload)
    (outcome,) = event["outcomes"]
    assert (outcome["bid_id"], outcome["bidder_id"], outcome["key"]) == (str(bid.bid_id), ANN, "a")
    assert {name: outcome[name] for name in OUTCOME} == dict.fromkeys(OUTCOME) | {
        "status": "failed"
    }


def pushes_of(payload: str) -> dict[int, list[Any]]:
    """By user, the pushes of an event, by way of broadcast and the gateways of the users."""
    event = auction_event_decoder.decode(payload)
    assert auction_state_decoder.decode(event.state).status == "open"
    pushes: dict[int, list[Any]] = {}
    for user_id, published in by_user(event).items():
        decided = user_outcomes_decoder.decode(published)
        pushes[user_id] = [bid_result(decided.auction_id, one) for one in decided.outcomes]
        pushes[user_id] += [bid_refused(decided.auction_id, one) for one in decided.refused]
    return pushes


def test_each_bidder_gets_the_own_outcomes_and_refusals() -> None:
    lane = Lane()
    lane.place(ANN, 2_000, key="a")
    lane.place(BOB, 3_000, key="b")
    lane.place(ANN, 4_000, key="a")
    pushes = pushes_of(event_of(lane))
    of_ann, of_bob = pushes[ANN], pushes[BOB]
    assert [(one.key, one.auction_id) for one in of_ann] == [("a", AUCTION)] * 2
    assert [(one.price, one.standing) for one in (of_ann[0], *of_bob)] == [
        (2_000, "leading"), (3_000, "leading"),
    ]  # fmt: skip
    assert (of_ann[1].amount, of_ann[1].code) == (4_000, "KEY_REUSED")


def test_an_event_of_an_older_version_is_still_read() -> None:
    result, refusal = pushes_of(OLD_EVENT)[2]
    assert (result.status, result.seq, result.price, result.key) == ("accepted", 1, 2_000, "k")
    assert (refusal.key, refusal.offset) == ("k", 101)
    version = auction_version_decoder.decode(OLD_EVENT)
    assert (version.auction_id, version.version) == (42, 1)


@pytest.mark.parametrize("payload", ["{}", '{"v":1,"auction_id":1,"version":1}', "[]", "nonsense"])
def test_what_is_no_event_cannot_be_read(payload: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the codec's own
        auction_event_decoder.decode(payload)
