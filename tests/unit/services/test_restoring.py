"""What is found to be lost in a restore, and from where on ids are given out after it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, CHAT_MESSAGE
from app.services.restoring import ExistingIds, Lost, find_lost, make_plan
from app.settings import Limits
from lanes.audit.ports import LogRecord
from lanes.topic import Topic

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
EXISTING_IDS = ExistingIds(users={1, 2, 4}, auctions={10: 5}, rooms={30})


@dataclass
class WrittenLog:
    """Partition 0 of each topic."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def bounds(self, topic: Topic) -> dict[int, tuple[int, int]]:
        return {0: (0, len(self.records.get(topic.name, [])))}

    def read(self, topic: str, partition: int, *, first: int, until: int) -> Iterator[LogRecord]:
        for offset in range(first, until):
            value = msgspec.json.encode(self.records[topic][offset])
            yield LogRecord(topic, partition, offset, b"", value, NOW)


def found(
    records: dict[Topic, list[dict[str, Any]]],
    *,
    progress: Mapping[int, int] | None = None,
    sessions: tuple[int, ...] = (),
) -> Lost:
    log: Any = WrittenLog({topic.name: values for topic, values in records.items()})
    return find_lost(
        log, EXISTING_IDS, progress=progress or {}, session_user_ids=sessions, ids_max=1_000
    )


def bid(bidder_id: int, auction_id: int) -> dict[str, Any]:
    return {"type": "bid", "bidder_id": bidder_id, "auction_id": auction_id}


def test_lost_users_and_auctions_are_named_by_log_or_sessions() -> None:
    event = {
        "auction_id": 11, "version": 3, "outcomes": [{"bidder_id": 6}],
        "state": {"status": "open", "price": 900, "bid_count": 2},
    }  # fmt: skip
    message = {"room_id": 31, "sender_id": 7, "sender_nickname": "mina"}
    lost = found(
        {AUCTION_BID: [bid(1, 10), bid(5, 12)], AUCTION_EVENT: [event], CHAT_MESSAGE: [message]},
        sessions=(2, 8),
    )
    assert sorted(lost.users) == [5, 6, 7, 8]
    assert lost.users[7].nickname == "mina"
    assert (lost.users[8].records, lost.users[8].last_at) == (0, None)
    assert sorted(lost.auctions) == [11, 12]
    assert (lost.auctions[11].status, lost.auctions[11].price) == ("open", 900)
    assert (lost.rooms, lost.records_to_ingest) == ({31}, 2)


def test_ingested_records_name_no_lost_ids() -> None:
    lost = found({AUCTION_BID: [bid(5, 12), bid(6, 10)]}, progress={0: 1})
    assert (sorted(lost.users), lost.records_to_ingest) == ([6], 1)


def test_an_id_that_was_never_issued_is_ignored() -> None:
    assert not found({AUCTION_BID: [bid(1_001, 10), bid(-1, 10)]}).users


def test_an_auction_continues_after_its_published_version() -> None:
    events = [{"auction_id": 10, "version": version} for version in (4, 7, 6)]
    assert found({AUCTION_EVENT: events}).versions == {10: 7}
    assert found({AUCTION_EVENT: events[:1]}).versions == {}


def test_no_id_is_issued_twice_and_every_lost_one_is_known() -> None:
    lost = found({AUCTION_BID: [bid(3, 12), bid(9, 10)]})
    plan = make_plan(
        lost,
        EXISTING_IDS,
        sequences={"users": 4, "auctions": 10, "notices": 7},
        published={0: 0},
        limits=Limits(restore_ids_skipped=100),
    )
    assert plan.sequences == {"users": 109, "auctions": 112, "notices": 107}
    lost_ids = [number for number in range(1, 120) if plan.lost_ids.has("users", number)]
    assert lost_ids == [3, *range(5, 110)]
    assert plan.lost_ids.has("auctions", 12)
    assert not plan.lost_ids.has("auctions", 113)
