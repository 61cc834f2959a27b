"""The port `AuctionRows`: rows of auctions, streamed in the order of the log."""

import heapq
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from app.adapters.postgres.settling import AUCTION_COLUMNS, auction_of, known_bid, read_history
from app.domain.auction import Auction
from app.domain.contest import Effective
from app.domain.errors import NotFoundError
from app.domain.records import Position
from app.protocol.topics import AUCTION_BID
from app.services.auditing.rows import Answered, BidRow, DecisionRow, auction_id_of
from lanes.audit import Scope, Selection, StoredRow
from lanes.postgres.audit_rows import streamed
from lanes.postgres.transactions import transactions

SAMPLE_AUCTIONS = 50  # enough to meet every kind of decision; a minute's reading at most

_IDS = "(%(ids)s::bigint[] IS NULL OR auction_id = ANY(%(ids)s::bigint[]))"

_BIDS = f"""
SELECT "offset", bid_id::text, auction_id, bidder_id, key, amount, kind, confirm, automatic,
  log_time, status, code, seq, standing, alias, public_amount, price, minimum_next_bid, ends_at,
  decided_at, chain
FROM all_bids WHERE partition = %(partition)s AND "offset" >= %(first)s AND {_IDS}
ORDER BY "offset", automatic
"""  # noqa: S608 - of our own constants

_DECISIONS = f"""
SELECT "offset", auction_id, type, effect, code, bid_id::text, log_time, decided_at, detail,
  chain
FROM all_decisions
WHERE topic = %(topic)s AND partition = %(partition)s AND "offset" >= %(first)s AND {_IDS}
ORDER BY "offset"
"""  # noqa: S608 - of our own constants

_AUCTIONS = f"SELECT {AUCTION_COLUMNS} FROM auctions WHERE id = ANY(%s)"  # noqa: S608 - as above

_ANSWERED = """
SELECT partition, "offset", bid_id, amount, kind, status, standing, code, seq, price,
  minimum_next_bid, ends_at, decided_at
FROM all_bids WHERE bid_id = ANY(%s::uuid[]) AND status <> 'failed'"""

_ONE = "SELECT id, created_at FROM auctions WHERE id = %(id)s"

# A repeat leaves its auction as it was, the decision time included.
_SINCE = """
SELECT id, created_at FROM auctions WHERE greatest(decided_at, created_at) >= %(since)s
OR id IN (SELECT auction_id FROM all_decisions WHERE log_time >= %(since)s)"""

_SAMPLE = """
SELECT id, created_at FROM auctions
WHERE version > 0 AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
ORDER BY random() LIMIT %(limit)s"""

_VERSIONS = """
SELECT id, version FROM auctions
WHERE %(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]) ORDER BY id"""

_ROOMS = f"SELECT id FROM rooms WHERE {_IDS}"  # noqa: S608 - as above


class PostgresAuctionRows:
    """Reads in the snapshot it is given; `engine` is for what must be read outside of it."""

    def __init__(self, engine: Engine) -> None:
        self._begin = transactions(engine)

    def select(self, transaction: Connection, scope: Scope) -> Selection:
        """Return the auctions selected by the scope. Raise NotFoundError when there is none."""
        if scope.lane is not None:
            return self._one(transaction, scope.lane)
        parameters = {"since": scope.since, "limit": SAMPLE_AUCTIONS}
        if scope.sample:
            selection = _selection(transaction.exec_driver_sql(_SAMPLE, parameters).all())
            note = f"a sample of {len(selection.lanes or ())} auctions, chosen at random"
            return Selection(selection.lanes, selection.begins_at, note)
        if scope.since is not None:
            return _selection(transaction.exec_driver_sql(_SINCE, parameters).all())
        return Selection()

    def stored_rows(
        self, transaction: Connection, *, partition: int, first: int, selection: Selection
    ) -> Iterator[StoredRow]:
        """Yield the rows of `bids` and `decisions`, and of their archive, in offset order."""
        parameters = {
            "topic": AUCTION_BID.name,
            "partition": partition,
            "first": first,
            "ids": _ids(selection),
        }
        bids = (_stored_bid(row) for row in streamed(transaction, _BIDS, parameters))
        decisions = (_stored_decision(row) for row in streamed(transaction, _DECISIONS, parameters))
        return heapq.merge(bids, decisions, key=lambda stored_row: stored_row.offset)

    def auctions(self, transaction: Connection, ids: Collection[int]) -> dict[int, Auction]:
        """Return those of the auctions that exist."""
        rows = transaction.exec_driver_sql(_AUCTIONS, (list(ids),))
        return {row[0]: auction_of(row) for row in rows}

    def answered(self, transaction: Connection, bid_ids: Collection[UUID]) -> dict[UUID, Answered]:
        """Return those of the bids that have an answer."""
        rows = transaction.exec_driver_sql(_ANSWERED, ([str(bid_id) for bid_id in bid_ids],))
        return {
            UUID(str(row[2])): Answered(Position(row[0], row[1]), known_bid(row[2:]))
            for row in rows
        }

    def history(self, transaction: Connection, auction_id: int, *, before: int) -> list[Effective]:
        """Return the records below an offset that had an effect on price and leader, in log
        order."""
        return read_history(transaction, auction_id, before=before)

    def versions(self, transaction: Connection, selection: Selection) -> Iterator[tuple[int, int]]:
        """Yield (id, version) of all selected auctions, by id."""
        rows = streamed(transaction, _VERSIONS, {"ids": _ids(selection)})
        return ((row[0], row[1]) for row in rows)

    def versions_now(self, ids: Collection[int]) -> dict[int, int]:
        """Return the current versions of auctions, read outside of the snapshot."""
        with self._begin() as connection:
            rows = connection.exec_driver_sql(_VERSIONS, {"ids": list(ids)})
            return {row[0]: row[1] for row in rows}

    def room_ids(self, transaction: Connection, selection: Selection) -> set[int]:
        """Return the chat rooms of the selected auctions."""
        return {row[0] for row in transaction.exec_driver_sql(_ROOMS, {"ids": _ids(selection)})}

    def _one(self, transaction: Connection, lane: str) -> Selection:
        row = transaction.exec_driver_sql(_ONE, {"id": auction_id_of(lane)}).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no auction {lane}")
        return _selection([row])


def _selection(rows: Sequence[Any]) -> Selection:
    begins_at = min((created_at for _, created_at in rows), default=None)
    return Selection(frozenset(str(auction_id) for auction_id, _ in rows), begins_at)


def _ids(selection: Selection) -> list[int] | None:
    return None if selection.lanes is None else [int(lane) for lane in selection.lanes]


def _stored_bid(row: Sequence[Any]) -> StoredRow:
    bid = BidRow(*row)
    if bid.automatic:
        return StoredRow(bid.offset, "more", "bids", bid)
    return StoredRow(bid.offset, "failure" if bid.status == "failed" else "effect", "bids", bid)


def _stored_decision(row: Sequence[Any]) -> StoredRow:
    decision = DecisionRow(*row)
    return StoredRow(decision.offset, "effect", "decisions", decision)
