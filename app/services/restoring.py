"""After a restore of the database: finding what Kafka has and the database lost, and the new epoch.

Kafka is complete, so every record after the restored progress is ingested again, in order, and the
auctions and users that the database still has reach their last state. What only the lost part of
the database had stays lost: its ids are listed and never used again, and records that name them
become dead letters.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from app.services.epochs import AUCTIONS, USERS, LostIds
from app.settings import Limits
from lanes import Topic
from lanes.audit import LogReader

ROOMS = "rooms"


class _Record(msgspec.Struct):
    """The fields of records that name ids; each topic has some of them."""

    auction_id: int | None = None
    bidder_id: int | None = None
    actor_id: int | None = None
    version: int | None = None
    state: dict[str, Any] | None = None
    outcomes: list[dict[str, Any]] = []
    room_id: int | None = None
    sender_id: int | None = None
    sender_nickname: str = ""
    user_id: int | None = None


_decoder = msgspec.json.Decoder(_Record)


@dataclass(frozen=True, slots=True)
class ExistingIds:
    """The ids in the restored database, and the versions of its auctions."""

    users: Collection[int]
    auctions: Mapping[int, int]
    rooms: Collection[int]


@dataclass(slots=True)
class LostUser:
    """A lost user, as far as records tell."""

    nickname: str = ""
    records: int = 0
    last_at: datetime | None = None  # None: known by a session alone


@dataclass(slots=True)
class LostAuction:
    """A lost auction, as far as records tell; without an event only its counts."""

    status: str = ""
    price: int | None = None
    bid_count: int | None = None
    records: int = 0
    last_at: datetime | None = None


@dataclass(slots=True)
class Lost:
    """Everything that Kafka or a session names and the database does not have.

    `versions`: published versions that are ahead of those of existing auctions.
    """

    users: dict[int, LostUser] = field(default_factory=dict)
    auctions: dict[int, LostAuction] = field(default_factory=dict)
    rooms: set[int] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)
    records_to_ingest: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new epoch changes. `sequences`: the value after which each continues."""

    lost: Lost
    sequences: Mapping[str, int]
    lost_ids: LostIds
    published: Mapping[int, int]


def find_lost(
    log: LogReader,
    existing: ExistingIds,
    *,
    progress: Mapping[int, int],
    session_user_ids: Collection[int],
    ids_max: int,
) -> Lost:
    """Read all topics and compare them with the existing ids.

    Records of `auction-bid` below progress name nothing that is lost: they were ingested before.
    Ids beyond `ids_max` are ignored: they were never assigned.
    """
    finder = _Finder(existing, ids_max)
    for user_id in session_user_ids:
        finder.user(user_id, None)
    for topic, firsts in ((AUCTION_BID, progress), (AUCTION_EVENT, {}), (CHAT_MESSAGE, {}),
                          (CHAT_EVENT, {})):  # fmt: skip
        for at, record in _read(log, topic, firsts):
            finder.add(topic, at, record)
    return finder.lost


def make_plan(
    lost: Lost,
    existing: ExistingIds,
    *,
    sequences: Mapping[str, int],
    published: Mapping[int, int],
    limits: Limits,
) -> Plan:
    """Return a plan in which no id is assigned again that is named anywhere, or that only the lost
    rows had."""
    seen = {
        USERS: max(lost.users, default=0),
        AUCTIONS: max(lost.auctions, default=0),
        ROOMS: max(lost.rooms, default=0),
    }
    after = {
        table: max(last, seen.get(table, 0)) + limits.restore_ids_skipped
        for table, last in sequences.items()
    }
    lost_ids = {
        USERS: _ranges(existing.users, lost.users, until=after[USERS]),
        AUCTIONS: _ranges(existing.auctions, lost.auctions, until=after[AUCTIONS]),
    }
    return Plan(lost, after, LostIds(lost_ids), published)


def _ranges(
    existing: Collection[int], lost: Collection[int], *, until: int
) -> list[tuple[int, int]]:
    """Return the lost ranges. Ids in between may be lost, too: ids are assigned before they are
    committed, in any order."""
    last = max(existing, default=0)
    return [*((one, one) for one in sorted(lost) if one <= last), (last + 1, until)]


def _read(
    log: LogReader, topic: Topic, firsts: Mapping[int, int]
) -> Iterator[tuple[datetime, _Record]]:
    for partition, (first, end) in log.bounds(topic).items():
        begin = max(first, firsts.get(partition, first))
        for record in log.read(topic.name, partition, first=begin, until=end):
            try:
                yield record.log_time, _decoder.decode(record.value)
            except ValueError:  # its consumers give it up, too
                continue


class _Finder:
    def __init__(self, existing: ExistingIds, ids_max: int) -> None:
        self._existing, self._ids_max = existing, ids_max
        self.lost = Lost()

    def add(self, topic: Topic, at: datetime, record: _Record) -> None:
        if topic is AUCTION_BID:
            self.lost.records_to_ingest += 1
        for user_id in (record.bidder_id, record.actor_id, record.sender_id, record.user_id):
            self.user(user_id, at, record.sender_nickname)
        for outcome in record.outcomes:
            self.user(outcome.get("bidder_id"), at)
        self._auction(at, record)
        if self._is_lost(record.room_id, self._existing.rooms):
            self.lost.rooms.add(int(record.room_id or 0))

    def user(self, user_id: object, at: datetime | None, nickname: str = "") -> None:
        if not isinstance(user_id, int) or not self._is_lost(user_id, self._existing.users):
            return
        user = self.lost.users.setdefault(user_id, LostUser())
        user.nickname = nickname or user.nickname
        if at is not None:
            user.records += 1
            user.last_at = at if user.last_at is None else max(at, user.last_at)

    def _auction(self, at: datetime, record: _Record) -> None:
        auction_id = record.auction_id
        if auction_id is None:
            return
        if self._is_lost(auction_id, self._existing.auctions):
            auction = self.lost.auctions.setdefault(auction_id, LostAuction())
            auction.records += 1
            auction.last_at = at if auction.last_at is None else max(at, auction.last_at)
            if record.state is not None:
                auction.status = str(record.state.get("status"))
                auction.price = record.state.get("price")
                auction.bid_count = record.state.get("bid_count")
        elif record.version is not None:
            stored = self._existing.auctions.get(auction_id)
            ahead = max(record.version, self.lost.versions.get(auction_id, 0))
            if stored is not None and ahead > stored:
                self.lost.versions[auction_id] = ahead

    def _is_lost(self, number: int | None, existing: Collection[int]) -> bool:
        return number is not None and 0 < number <= self._ids_max and number not in existing
