"""The auction rows as settling sees them: all of its SQL, one statement a table and batch."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from app.domain.auction import Auction
from app.domain.contest import Effective
from app.domain.decision import DecidedStatus, KnownStatus, Outcome, Standing
from app.domain.errors import KEY_REUSED, RejectionCode
from app.domain.ledger import (
    DecidedBid,
    DecidedControl,
    Entry,
    KnownBid,
    RepeatedBid,
)
from app.domain.records import (
    BidKind,
    BidPlaced,
    CancelRequested,
    Position,
    Record,
    ReserveLoweringRequested,
    VoidRequested,
)
from app.domain.rules import Rules
from app.domain.terms import Terms
from app.domain.time import rfc3339
from app.protocol.topics import AUCTION_BID
from app.services.settling import Batch, Bidder, Found, decided_bids, other_decisions
from lanes import VersionConflictError
from lanes.postgres.prepared import Prepared, array

AUCTION_COLUMNS = """
  id, seller_id, currency, mode, starting_price, initial_reserve_price, buy_now_price,
  created_at, starts_at, scheduled_ends_at, last_ends_at, window_s, extend_s, rules,
  status, version, price, leader_id, leader_maximum, bid_count, ends_at, extensions,
  reserve_price, reserve_lowered, winner_id, winning_amount, closed_at, decided_at,
  alias_count, chain, voided_ids"""

LOCK_AUCTION = f"""
UPDATE auctions SET version = version + 1 WHERE id = %s RETURNING {AUCTION_COLUMNS}"""  # noqa: S608

BIDDERS = """
SELECT bidder_id, alias, outbid_noticed_at FROM auction_bidders
WHERE auction_id = %s AND bidder_id = ANY(%s)"""

ACCEPTED_BIDDER_IDS = """
SELECT DISTINCT bidder_id FROM bids WHERE auction_id = %s AND seq IS NOT NULL"""

KNOWN_COLUMNS = """
  bid_id, amount, kind, status, standing, code, seq, price, minimum_next_bid, ends_at, decided_at"""

# As JSON, because what is known is seldom more than an alias or two. There are no arrays of arrays
# of unequal lengths, so those of each auction come as text, and are parsed once (OFFSET).
FIND = Prepared(
    "auction_find",
    ("bigint[]", "text[]", "text[]"),
    f"""
SELECT {AUCTION_COLUMNS.replace(" rules,", " rules::text,")},
  (SELECT json_agg(json_build_array(bidder_id, alias, outbid_noticed_at))::text
   FROM auction_bidders WHERE auction_id = a.id
     AND bidder_id = ANY(wanted.bidder_ids || a.leader_id || a.voided_ids)),
  (SELECT json_agg(json_build_array({KNOWN_COLUMNS}))::text
   FROM bids WHERE bid_id = ANY(wanted.bid_ids))
FROM (
    SELECT auction_id, bidder_ids::bigint[], bid_ids::uuid[]
    FROM unnest($1, $2, $3) AS given (auction_id, bidder_ids, bid_ids) OFFSET 0
  ) AS wanted JOIN auctions AS a ON id = wanted.auction_id
WHERE id = ANY($1)""",  # noqa: S608 - our constants
)

# Of an auction that has ended, some or all bids may have been moved.
KNOWN_IN_ARCHIVE = f"""
SELECT json_agg(json_build_array({KNOWN_COLUMNS}))::text
FROM bids_archive WHERE auction_id = %s AND bid_id = ANY(%s::uuid[])"""  # noqa: S608 - as above

# The records that had an effect on price and leader.
HISTORY = """
SELECT "offset", bid_id, bidder_id, amount, kind, confirm, key, partition, log_time
FROM all_bids WHERE auction_id = %s AND seq IS NOT NULL AND NOT automatic AND "offset" < %s"""
LOWERED_RESERVES = """
SELECT "offset", (detail->>'actor_id')::bigint, (detail->>'reserve_price')::bigint, partition,
  log_time
FROM all_decisions WHERE auction_id = %s AND effect = 'reserve_lowered' AND "offset" < %s"""

# What is decided now is not in the archive yet. The ids are named twice, so that whatever way of
# joining is planned, only these rows are read.
GUARD = """
UPDATE auctions AS a SET version = a.version + 1, status = r.status, price = r.price,
  leader_id = r.leader_id, leader_maximum = r.leader_maximum, bid_count = r.bid_count,
  ends_at = r.ends_at, extensions = r.extensions, reserve_price = r.reserve_price,
  reserve_lowered = r.reserve_lowered, winner_id = r.winner_id, winning_amount = r.winning_amount,
  closed_at = r.closed_at, decided_at = r.decided_at, alias_count = r.alias_count, chain = r.chain,
  voided_ids = r.voided_ids, archived_at = NULL
FROM json_to_recordset($2) AS r(id bigint, version bigint, status text, price bigint,
  leader_id bigint, leader_maximum bigint, bid_count bigint, ends_at timestamptz, extensions int,
  reserve_price bigint, reserve_lowered boolean, winner_id bigint, winning_amount bigint,
  closed_at timestamptz, decided_at timestamptz, alias_count int, chain text, voided_ids bigint[])
WHERE a.id = ANY($1) AND a.id = r.id AND a.version = r.version RETURNING a.id"""
GUARD_TYPES = ("bigint[]", "json")
IS_GUARDED = "(SELECT count(*) FROM guard) = cardinality($1)"

SAVE_BIDDERS = """
INSERT INTO auction_bidders (auction_id, bidder_id, alias, outbid_noticed_at)
SELECT auction_id, bidder_id, alias, outbid_noticed_at FROM json_to_recordset({rows})
  AS r(auction_id bigint, bidder_id bigint, alias int, outbid_noticed_at timestamptz)
WHERE {is_guarded}
ON CONFLICT (auction_id, bidder_id) DO UPDATE SET outbid_noticed_at = excluded.outbid_noticed_at"""

INSERT_NOTICES = """
INSERT INTO notices (user_id, auction_id, kind, params, at)
SELECT user_id, auction_id, kind, params, at FROM json_to_recordset({rows})
  AS r(user_id bigint, auction_id bigint, kind text, params jsonb, at timestamptz)
WHERE {is_guarded}"""

# A failed bid that is decided after all replaces its row: the one change of an outcome there is.
INSERT_BIDS = """
INSERT INTO bids (bid_id, auction_id, bidder_id, key, amount, kind, confirm, status, code, seq,
  automatic, partition, "offset", log_time, standing, alias, public_amount, price,
  minimum_next_bid, ends_at, decided_at, chain)
SELECT bid_id, auction_id, bidder_id, key, amount, kind, confirm, status, code, seq,
  automatic, partition, "offset", log_time, standing, alias, public_amount, price,
  minimum_next_bid, ends_at, decided_at, chain
FROM json_to_recordset({rows}) AS r(bid_id uuid, auction_id bigint, bidder_id bigint,
  key text, amount bigint, kind text, confirm boolean, status text, code text, seq bigint,
  automatic boolean, partition int, "offset" bigint, log_time timestamptz, standing text,
  alias int, public_amount bigint, price bigint, minimum_next_bid bigint, ends_at timestamptz,
  decided_at timestamptz, chain text)
WHERE {is_guarded}
ON CONFLICT (bid_id) DO UPDATE SET amount = excluded.amount, kind = excluded.kind,
  confirm = excluded.confirm, status = excluded.status, code = excluded.code,
  seq = excluded.seq, partition = excluded.partition, "offset" = excluded."offset",
  log_time = excluded.log_time, standing = excluded.standing, alias = excluded.alias,
  public_amount = excluded.public_amount, price = excluded.price,
  minimum_next_bid = excluded.minimum_next_bid, ends_at = excluded.ends_at,
  decided_at = excluded.decided_at, chain = excluded.chain, settled_at = now()
WHERE bids.status = 'failed'"""

# The row of a bid that fails again follows its newest record.
INSERT_FAILED = """
INSERT INTO bids (bid_id, auction_id, bidder_id, key, amount, kind, confirm, status, automatic,
  partition, "offset", log_time)
SELECT DISTINCT ON (bid_id) bid_id, %s, bidder_id, key, amount, kind, confirm, 'failed', false,
  partition, "offset", log_time
FROM json_to_recordset(%s) AS r(bid_id uuid, bidder_id bigint, key text, amount bigint, kind text,
  confirm boolean, partition int, "offset" bigint, log_time timestamptz)
WHERE NOT EXISTS (SELECT FROM bids_archive AS a WHERE a.auction_id = %s AND a.bid_id = r.bid_id)
ORDER BY bid_id, "offset" DESC
ON CONFLICT (bid_id) DO UPDATE SET amount = excluded.amount, kind = excluded.kind,
  confirm = excluded.confirm, partition = excluded.partition, "offset" = excluded."offset",
  log_time = excluded.log_time, settled_at = now()
WHERE bids.status = 'failed'
RETURNING bid_id"""

ANSWERED = """
SELECT bid_id FROM all_bids WHERE bid_id = ANY(%s::uuid[]) AND status <> 'failed'"""

INSERT_DECISIONS = """
INSERT INTO decisions (topic, partition, "offset", auction_id, type, effect, code, bid_id,
  log_time, decided_at, detail, chain)
SELECT topic, partition, "offset", auction_id, type, effect, code, bid_id, log_time, decided_at,
  detail, chain
FROM json_to_recordset({rows}) AS r(topic text, partition int, "offset" bigint,
  auction_id bigint, type text, effect text, code text, bid_id uuid, log_time timestamptz,
  decided_at timestamptz, detail jsonb, chain text)
WHERE {is_guarded}"""

SAVED = (
    ("bidders", SAVE_BIDDERS),
    ("bids", INSERT_BIDS),
    ("decisions", INSERT_DECISIONS),
    ("notices", INSERT_NOTICES),
)

_bidder_rows_decoder = msgspec.json.Decoder(list[tuple[int, int, datetime | None]])
_known_rows_decoder = msgspec.json.Decoder(
    list[
        tuple[
            UUID, int, BidKind, KnownStatus, Standing | None,
            RejectionCode | None, int | None, int | None, int | None, datetime | None,
            datetime | None,
        ]
    ]
)  # fmt: skip


class RecordedBid(Struct, frozen=True, gc=False):
    """The columns of a bid that its record determines; an automatic one has no key."""

    bid_id: UUID
    bidder_id: int
    key: str | None
    amount: int
    kind: BidKind
    confirm: bool
    partition: int
    offset: int
    log_time: datetime


class BidRow(RecordedBid, frozen=True, kw_only=True):
    """A row of `bids` as it is written when the bid is decided."""

    auction_id: int
    status: DecidedStatus
    code: RejectionCode | None
    seq: int | None
    automatic: bool
    standing: Standing | None
    alias: int | None
    public_amount: int | None
    price: int
    minimum_next_bid: int | None
    ends_at: datetime
    decided_at: datetime
    chain: str


class PostgresAuctionStore:
    """AuctionStore on the connection of the platform's transaction."""

    def bidders(
        self, transaction: Connection, auction_id: int, bidder_ids: Collection[int]
    ) -> dict[int, Bidder]:
        """Return those of the bidders that already have an alias in this auction."""
        rows = transaction.exec_driver_sql(BIDDERS, (auction_id, list(bidder_ids)))
        return {bidder_id: Bidder(alias, noticed_at) for bidder_id, alias, noticed_at in rows}

    def find(
        self, transaction: Connection, bids: Mapping[int, Collection[BidPlaced]]
    ) -> dict[int, Found]:
        """Return by id those auctions that exist, and what is stored of these bids of each."""
        bidder_ids = [array({bid.bidder_id for bid in ones}) for ones in bids.values()]
        bid_ids = {one: array(bid.bid_id for bid in ones) for one, ones in bids.items()}
        rows = FIND.execute(transaction, array(bids), bidder_ids, [*bid_ids.values()])
        return {row[0]: _found(transaction, row, bid_ids[row[0]]) for row in rows}

    def accepted_bidder_ids(self, transaction: Connection, auction_id: int) -> set[int]:
        """Return the bidders with an accepted bid."""
        return {row[0] for row in transaction.exec_driver_sql(ACCEPTED_BIDDER_IDS, (auction_id,))}

    def history(self, transaction: Connection, auction_id: int, *, before: int) -> list[Effective]:
        """Every record below an offset that had an effect on price and leader, in log order."""
        return read_history(transaction, auction_id, before=before)

    def save(self, transaction: Connection, batches: Sequence[Batch]) -> None:
        """Store it all; the guarded update comes first, so that a loser writes nothing.

        Auctions are locked in the order of their ids, as far as the plan keeps that of the rows.
        """
        ordered = sorted(batches, key=lambda batch: batch.auction_id)
        rows: tuple[Sequence[Any], ...] = (
            [row for batch in ordered for row in _bidder_rows(batch)],
            [row for batch in ordered for row in _bid_rows(batch)],
            [row for batch in ordered for row in _decision_rows(batch)],
            [notice for batch in ordered for notice in batch.notices],
        )
        statement = _save(tuple(bool(ones) for ones in rows))
        ids = array(batch.auction_id for batch in ordered)
        written = [_json(ones) for ones in rows if ones]
        ((guarded,),) = statement.execute(transaction, ids, _json(_auction_rows(ordered)), *written)
        if guarded != len(ordered):
            raise VersionConflictError(f"{AUCTION_BID.name}/{ids}")

    def lock(self, transaction: Connection, auction_id: int) -> Auction | None:
        """Lock the auction and raise its version: no other worker settles it before the transaction
        ends."""
        row = transaction.exec_driver_sql(LOCK_AUCTION, (auction_id,)).one_or_none()
        return None if row is None else auction_of(row)

    def save_failed(
        self, transaction: Connection, auction_id: int, bids: Sequence[BidPlaced]
    ) -> set[UUID]:
        """Store that they failed, but for those that were answered; the ids of those stored."""
        if not bids:
            return set()
        rows = _json([RecordedBid(*_recorded(bid)) for bid in bids])
        stored = transaction.exec_driver_sql(INSERT_FAILED, (auction_id, rows, auction_id))
        return {UUID(str(row[0])) for row in stored}

    def answered(self, transaction: Connection, bid_ids: Collection[UUID]) -> set[UUID]:
        """Return those of the bids that have an outcome other than `failed`."""
        rows = transaction.exec_driver_sql(ANSWERED, ([str(bid_id) for bid_id in bid_ids],))
        return {UUID(str(row[0])) for row in rows}


@cache
def _save(written: tuple[bool, ...]) -> Prepared:
    """The one statement that saves batches, with the tables that it writes to.

    All of them look at the guard, so that a loser writes nothing, nor draws a number, and the
    winner has locked the auctions before.
    """
    tables = [table for table, is_written in zip(SAVED, written, strict=True) if is_written]
    first = len(GUARD_TYPES) + 1
    parts = [
        f"{table} AS ({statement.format(rows=f'${first + place}', is_guarded=IS_GUARDED)})"
        for place, (table, statement) in enumerate(tables)
    ]
    name = "_".join(["auction_save", *(table for table, _ in tables)])
    text = f"WITH {', '.join([f'guard AS ({GUARD})', *parts])} SELECT count(*) FROM guard"  # noqa: S608 - our constants
    return Prepared(name, (*GUARD_TYPES, *(["json"] * len(tables))), text)


def _bidder_rows(batch: Batch) -> list[dict[str, Any]]:
    """Return new bidders, and those who got the notice `outbid` in this batch."""
    noticed_at = {notice.user_id: notice.at for notice in batch.notices if notice.kind == "outbid"}
    return [
        {
            "auction_id": batch.auction_id,
            "bidder_id": bidder_id,
            "alias": alias,
            "outbid_noticed_at": noticed_at.get(bidder_id),
        }
        for bidder_id, alias in batch.aliases.items()
        if bidder_id not in batch.bidders or bidder_id in noticed_at
    ]


def _auction_rows(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    return [
        {
            "id": batch.auction_id,
            "version": batch.before.version,
            "status": after.status,
            "price": after.price,
            "leader_id": after.leader_id,
            "leader_maximum": after.leader_maximum,
            "bid_count": after.bid_count,
            "ends_at": after.ends_at,
            "extensions": after.extensions,
            "reserve_price": after.reserve_price,
            "reserve_lowered": after.reserve_lowered,
            "winner_id": after.winner_id,
            "winning_amount": after.winning_amount,
            "closed_at": after.closed_at,
            "decided_at": after.decided_at,
            "alias_count": after.alias_count,
            "chain": after.chain,
            "voided_ids": sorted(after.voided_ids),
        }
        for batch in batches
        for after in (batch.after,)
    ]


def auction_of(row: Sequence[Any]) -> Auction:
    """The auction of a row of `AUCTION_COLUMNS`."""
    return _auction(row, Rules.from_json(row[13]))


def _found(transaction: Connection, row: Sequence[Any], bid_ids: str) -> Found:
    """Return what a row of FIND says; `bid_ids` are looked up in the archive as well."""
    *columns, bidders, known = row
    auction = _auction(columns, _rules_of(columns[13]))
    moved = None
    if auction.ended:
        parameters = (auction.terms.auction_id, bid_ids)
        moved = transaction.exec_driver_sql(KNOWN_IN_ARCHIVE, parameters).scalar()
    return Found(auction, _bidders_of(bidders), _known_of(moved) | _known_of(known))


def _auction(row: Sequence[Any], rules: Rules) -> Auction:
    terms = Terms(*(*row[:13], rules))
    return Auction(terms, *(*row[14:-1], frozenset(row[-1])))


@lru_cache(maxsize=64)  # rules are the defaults of the day, the same for thousands of auctions
def _rules_of(text: str) -> Rules:
    return Rules.from_json(msgspec.json.decode(text))


def read_history(connection: Connection, auction_id: int, *, before: int) -> list[Effective]:
    """Every record below an offset that had an effect on price and leader, in log order."""
    parameters = (auction_id, before)
    records: list[Effective] = [
        BidPlaced(
            bid_id=UUID(str(bid_id)),
            bidder_id=bidder_id,
            amount=amount,
            kind=kind,
            confirm=confirm,
            key=key,
            position=Position(partition, offset),
            log_time=log_time,
        )
        for offset, bid_id, bidder_id, amount, kind, confirm, key, partition, log_time in (
            connection.exec_driver_sql(HISTORY, parameters)
        )
    ]
    records += [
        ReserveLoweringRequested(actor_id, reserve_price, Position(partition, offset), log_time)
        for offset, actor_id, reserve_price, partition, log_time in (
            connection.exec_driver_sql(LOWERED_RESERVES, parameters)
        )
    ]
    return sorted(records, key=lambda record: record.position.offset)


def _bidders_of(text: str | None) -> dict[int, Bidder]:
    rows = [] if text is None else _bidder_rows_decoder.decode(text)
    return {bidder_id: Bidder(alias, noticed_at) for bidder_id, alias, noticed_at in rows}


def _known_of(text: str | None) -> dict[UUID, KnownBid]:
    rows = [] if text is None else _known_rows_decoder.decode(text)
    return {row[0]: known_bid(row) for row in rows}


def known_bid(row: Sequence[Any]) -> KnownBid:
    """The bid of a row of `KNOWN_COLUMNS`."""
    _, amount, kind, status, *outcome = row
    if status == "failed":
        return KnownBid(amount, kind, status, None)
    return KnownBid(amount, kind, status, Outcome(status, *outcome))


def _recorded(bid: BidPlaced) -> tuple[Any, ...]:
    """Return the values of the columns of RecordedBid."""
    return (
        bid.bid_id,
        bid.bidder_id,
        bid.key,
        bid.amount,
        bid.kind,
        bid.confirm,
        bid.position.partition,
        bid.position.offset,
        bid.log_time,
    )


def _bid_rows(batch: Batch) -> list[BidRow]:
    decided = decided_bids(batch.entries)
    return [row for entry in decided for row in _rows_of_bid(entry, batch.auction_id)]


def _rows_of_bid(entry: DecidedBid, auction_id: int) -> list[BidRow]:
    decision, outcome = entry.decision, entry.decision.outcome
    row = BidRow(
        *_recorded(entry.record),
        auction_id=auction_id,
        status=outcome.status,
        code=outcome.code,
        seq=outcome.seq,
        automatic=False,
        standing=outcome.standing,
        alias=entry.alias,
        public_amount=decision.public_amount,
        price=outcome.price,
        minimum_next_bid=outcome.minimum_next_bid,
        ends_at=outcome.ends_at,
        decided_at=outcome.decided_at,
        chain=entry.lines[0].hash,
    )
    automatic = decision.automatic
    if automatic is None:
        return [row]
    answer = replace(
        row,
        bid_id=automatic.bid_id,
        bidder_id=automatic.bidder_id,
        key=None,
        amount=automatic.amount,
        kind="max",
        seq=automatic.seq,
        automatic=True,
        standing="leading",
        alias=entry.leader_alias,
        public_amount=automatic.amount,
        chain=entry.lines[1].hash,
    )
    return [row, answer]


def _decision_rows(batch: Batch) -> list[dict[str, Any]]:
    return [_decision_row(entry, batch.auction_id) for entry in other_decisions(batch.entries)]


def _decision_row(entry: Entry, auction_id: int) -> dict[str, Any]:
    record = entry.record
    row: dict[str, Any] = {
        "topic": AUCTION_BID.name,
        "partition": record.position.partition,
        "offset": record.position.offset,
        "auction_id": auction_id,
        "log_time": record.log_time,
    }
    if isinstance(entry, DecidedControl):
        decision = entry.decision
        return row | {
            "type": entry.logged.type,
            "effect": decision.effect,
            "code": decision.code,
            "decided_at": decision.decided_at,
            "detail": _detail(entry),
            "chain": entry.lines[0].hash,
        }
    repeated = isinstance(entry, RepeatedBid)
    return row | {
        "type": "bid",
        "effect": "repeat" if repeated else "refused",
        "code": None if repeated else KEY_REUSED,
        "bid_id": getattr(record, "bid_id", None),
        "decided_at": record.log_time,
        "detail": {} if repeated else _body(record),
    }


def _body(record: Record) -> dict[str, Any]:
    """What the key was used for the second time: bidder and key are those of the first bid."""
    return {"amount": record.amount, "kind": record.kind} if isinstance(record, BidPlaced) else {}


def _detail(entry: DecidedControl) -> dict[str, Any]:
    """Return what was requested, and what the decision log has beside the columns (rule 18)."""
    record, logged = entry.record, entry.logged
    after = {"price": logged.price, "ends_at": rfc3339(logged.ends_at), "winner": logged.winner}
    if isinstance(record, CancelRequested):
        return after | {"actor_id": record.actor_id, "reason": record.reason}
    if isinstance(record, ReserveLoweringRequested):
        return after | {"actor_id": record.actor_id, "reserve_price": record.reserve_price}
    if isinstance(record, VoidRequested):
        who = {"actor_id": record.actor_id, "bidder_id": record.bidder_id}
        detail = {"reason": record.reason, "alias": logged.alias, "leader": logged.leader}
        return after | who | detail
    return after


def _json(rows: Sequence[Any]) -> str:
    return msgspec.json.encode(rows).decode()
