"""The port `Auctions` on PostgreSQL: reading the full resource, adding rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Engine, Row

from app.adapters.postgres.queries import (
    by_id,
    by_value,
    contains,
    first_row,
    read_row,
    rows,
    transaction,
)
from app.adapters.postgres.settling import auction_of
from app.domain.auction import Auction as State
from app.domain.errors import ConflictError, NotFoundError
from app.domain.money import Currency
from app.domain.time import rfc3339
from app.protocol.outcomes import Leader, PublicBid, Winner
from app.protocol.resources import (
    Auction,
    AuctionProduct,
    AuctionQuery,
    Mine,
    Person,
    Picture,
    StandingOfMine,
)
from app.protocol.topics import AUCTION_BID
from app.services.auctions import ControlOutcome
from app.services.events import auction_event, event_message
from app.services.live import Snapshot
from app.services.log import RecordMetadata
from app.services.pages import Position
from lanes import OutboxMessage, epoch_ms, from_epoch_ms
from lanes.postgres.lanes import send

STATE_COLUMNS = 31

# The first columns are those of Terms and of the state, in their order.
_SELECT = """
SELECT a.id, a.seller_id, a.currency, a.mode, a.starting_price, a.initial_reserve_price,
  a.buy_now_price, a.created_at, a.starts_at, a.scheduled_ends_at, a.last_ends_at, a.window_s,
  a.extend_s, a.rules, a.status, a.version, a.price, a.leader_id, a.leader_maximum, a.bid_count,
  a.ends_at, a.extensions, a.reserve_price, a.reserve_lowered, a.winner_id, a.winning_amount,
  a.closed_at, a.decided_at, a.alias_count, a.chain, a.voided_ids,
  p.id AS product_id, coalesce(g.name, p.name) AS product_name,
  g.pictures->0->>'thumbnail_url' AS thumbnail_url, s.nickname AS seller_nickname,
  l.alias AS leader_alias, w.alias AS winner_alias, wu.nickname AS winner_nickname,
  m.alias AS my_alias,
  greatest(m.archived_maximum,
    (SELECT max(b.amount) FROM bids b WHERE b.auction_id = a.id AND b.bidder_id = %(viewer_id)s
     AND b.status = 'accepted' AND NOT b.automatic)) AS my_maximum,
  EXISTS (SELECT 1 FROM watches x WHERE x.auction_id = a.id AND x.user_id = %(viewer_id)s)
    AS watching,
  ARRAY(SELECT v.alias FROM auction_bidders v WHERE v.auction_id = a.id
    AND v.bidder_id = ANY(a.voided_ids) ORDER BY v.alias) AS voided_aliases,
  (SELECT amount FROM bid_limits l WHERE l.user_id = %(viewer_id)s AND l.currency = a.currency)
    AS my_limit,
  EXISTS (SELECT FROM blocks k WHERE k.seller_id = a.seller_id AND k.user_id = %(viewer_id)s)
    AS blocked """

# Of one auction also what is too long for lists. Auctions made by code from before there were
# frozen goods show the product.
_TEXT = """, coalesce(g.description, p.description) AS description,
  coalesce(g.pictures, '[]') AS pictures """

_JOINS = """
JOIN products p ON p.id = a.product_id
LEFT JOIN auction_goods g ON g.auction_id = a.id
JOIN users s ON s.id = a.seller_id
LEFT JOIN auction_bidders l ON l.auction_id = a.id AND l.bidder_id = a.leader_id
LEFT JOIN auction_bidders w ON w.auction_id = a.id AND w.bidder_id = a.winner_id
LEFT JOIN users wu ON wu.id = a.winner_id
LEFT JOIN auction_bidders m ON m.auction_id = a.id AND m.bidder_id = %(viewer_id)s
"""

_COLUMNS = _SELECT + "FROM auctions a" + _JOINS

_ONE = f"{_SELECT} {_TEXT} FROM auctions a {_JOINS} WHERE a.id = %(id)s"

_NEWEST_BIDS = """
CROSS JOIN LATERAL (
  SELECT array_agg(seq ORDER BY seq) AS seqs, array_agg(public_amount ORDER BY seq) AS amounts,
    array_agg(alias ORDER BY seq) AS aliases, array_agg(automatic ORDER BY seq) AS automatics,
    array_agg(decided_at ORDER BY seq) AS times,
    array_agg(bidder_id = ANY(a.voided_ids) ORDER BY seq) AS voids
  FROM (SELECT seq, public_amount, alias, automatic, decided_at, bidder_id FROM bids
    WHERE auction_id = a.id AND seq IS NOT NULL ORDER BY seq DESC LIMIT %(bids_max)s) b
) newest
"""

# In one answer, and of one moment: every socket begins with this.
_SNAPSHOT = f"""{_SELECT} {_TEXT}, newest.* FROM auctions a {_JOINS} {_NEWEST_BIDS}
WHERE a.id = %(id)s"""

_FILTER = """
WHERE (%(status)s::text IS NULL OR a.status = %(status)s)
AND (%(words)s::text IS NULL OR EXISTS (
  SELECT FROM products p LEFT JOIN auction_goods g ON g.auction_id = a.id
  WHERE p.id = a.product_id AND (coalesce(g.name, p.name) ILIKE %(words)s
    OR coalesce(g.description, p.description) ILIKE %(words)s))) """

_ORDERS = {
    "newest": by_id("a.id"),
    "ending": by_value("a.ends_at", "timestamptz", id_column="a.id"),
    "price": by_value("a.price", "bigint", id_column="a.id"),
}

_BID_ON = f"{_COLUMNS} WHERE m.alias IS NOT NULL {by_id('a.id').rest}"

_HISTORY = f"""
SELECT seq, public_amount, alias, automatic, decided_at, bidder_id = ANY(
  ARRAY(SELECT unnest(voided_ids) FROM auctions WHERE id = %(auction_id)s)) AS is_voided
FROM all_bids WHERE auction_id = %(auction_id)s {by_id("seq", ascending=True).rest}"""  # noqa: S608 - of our own constants

_CONTROL = """
SELECT code FROM decisions
WHERE topic = %(topic)s AND partition = %(partition)s AND "offset" = %(offset)s"""

_USER = "SELECT 1 FROM users WHERE id = %(user_id)s"

_LOCK_PRODUCT = "SELECT 1 FROM products WHERE id = %s AND deleted_at IS NULL FOR SHARE"

_ADD = """
INSERT INTO auctions (product_id, seller_id, currency, mode, starting_price,
  initial_reserve_price, reserve_price, buy_now_price, created_at, starts_at, scheduled_ends_at,
  ends_at, last_ends_at, window_s, extend_s, rules, status, price, decided_at, chain)
VALUES (%(product_id)s, %(seller_id)s, %(currency)s, %(mode)s, %(starting_price)s,
  %(reserve_price)s, %(reserve_price)s, %(buy_now_price)s, %(created_at)s, %(starts_at)s,
  %(ends_at)s, %(ends_at)s, %(last_ends_at)s, %(window_s)s, %(extend_s)s, %(rules)s, %(status)s,
  %(starting_price)s, %(decided_at)s, %(chain)s)
ON CONFLICT (product_id) WHERE status IN ('scheduled', 'open') DO NOTHING RETURNING id"""

# Until the auction has ended the product cannot be changed, so what it is now is sold (rule 21).
_FREEZE_GOODS = """
INSERT INTO auction_goods (auction_id, name, description, pictures)
SELECT %s, p.name, p.description, (
  SELECT coalesce(jsonb_agg(jsonb_build_object('url', i.url, 'thumbnail_url', i.thumbnail_url)
    ORDER BY i.place, i.id), '[]') FROM product_images i WHERE i.product_id = p.id)
FROM products p WHERE p.id = %s"""


class PostgresAuctions:
    """Auctions as the API shows them; `bid_limits` are the defaults."""

    def __init__(self, engine: Engine, *, bid_limits: Mapping[Currency, int]) -> None:
        self._engine, self._bid_limits = engine, bid_limits

    def add(self, product_id: int, begun: State) -> int:
        """The id of a new auction, which is published with its first state.

        Raises ConflictError (`AUCTION_EXISTS`).
        """
        terms = begun.terms
        values = {
            "product_id": product_id,
            "seller_id": terms.seller_id,
            "currency": terms.currency,
            "mode": terms.mode,
            "starting_price": terms.starting_price,
            "reserve_price": terms.reserve_price,
            "buy_now_price": terms.buy_now_price,
            "created_at": terms.created_at,
            "starts_at": terms.starts_at,
            "ends_at": terms.scheduled_ends_at,
            "last_ends_at": terms.last_ends_at,
            "window_s": terms.window_s,
            "extend_s": terms.extend_s,
            "rules": msgspec.json.encode(terms.rules.to_json()).decode(),
            "status": begun.status,
            "decided_at": begun.decided_at,
            "chain": begun.chain,
        }
        with transaction(self._engine) as connection:
            if connection.exec_driver_sql(_LOCK_PRODUCT, (product_id,)).first() is None:
                raise NotFoundError("no such product")
            auction_id = connection.exec_driver_sql(_ADD, values).scalar()
            if auction_id is None:
                raise ConflictError("AUCTION_EXISTS", "one is scheduled or open already")
            connection.exec_driver_sql(_FREEZE_GOODS, (auction_id, product_id))
            send(connection, [_first_event(begun, auction_id)])
            return int(auction_id)

    def auction(self, auction_id: int, viewer_id: int | None) -> Auction:
        """The full resource. Raises NotFoundError."""
        row = first_row(self._engine, _ONE, {"id": auction_id, "viewer_id": viewer_id})
        if row is None:
            raise NotFoundError("no such auction")
        return self._auction(row, viewer_id)

    def snapshot(self, auction_id: int, viewer_id: int | None, bids_max: int) -> Snapshot:
        """As `auction`, with at most so many of its newest bids. Raises NotFoundError."""
        values = {"id": auction_id, "viewer_id": viewer_id, "bids_max": bids_max}
        row = first_row(self._engine, _SNAPSHOT, values)
        if row is None:
            raise NotFoundError("no such auction")
        auction, bids = self._auction(row, viewer_id), _newest_bids(row)
        if len(bids) < min(bids_max, auction.bid_count):  # the others are in the archive
            bids = self.history(auction_id, auction.bid_count - bids_max, bids_max)
        return Snapshot(auction, bids)

    def page(
        self, query: AuctionQuery, after: Position | None, limit: int, viewer_id: int | None
    ) -> list[tuple[Auction, int]]:
        """At most `limit`, each with the value it is sorted by."""
        value, after_id = after or (None, None)
        values = {
            "status": query.status,
            "words": contains(query.query),
            "after_id": after_id,
            "after_value": _time(value) if value is not None and query.sort == "ending" else value,
            "viewer_id": viewer_id,
            "limit": limit,
        }
        found = rows(self._engine, _page(query.sort), values)
        return [(self._auction(row, viewer_id), _sorted_by(row, query.sort)) for row in found]

    def bid_on(self, user_id: int, *, after_id: int | None, limit: int) -> list[Auction]:
        """At most `limit` auctions the user has bid on, newest first."""
        values = {"viewer_id": user_id, "after_id": after_id, "limit": limit}
        return [self._auction(row, user_id) for row in rows(self._engine, _BID_ON, values)]

    def history(self, auction_id: int, after_seq: int, limit: int) -> list[PublicBid]:
        """Accepted bids as others see them, ascending."""
        values = {"auction_id": auction_id, "after_id": after_seq, "limit": limit}
        return [_public_bid(row) for row in rows(self._engine, _HISTORY, values)]

    def user_exists(self, user_id: int) -> bool:
        """Whether there is such a user."""
        return bool(rows(self._engine, _USER, {"user_id": user_id}))

    def _auction(self, row: Row[Any], viewer_id: int | None) -> Auction:
        shown = _resource(row, viewer_id)
        if viewer_id is None:
            return shown
        mine = _mine(
            row, auction_of(row[:STATE_COLUMNS]), viewer_id, self._bid_limits[shown.currency]
        )
        return msgspec.structs.replace(shown, mine=mine)

    def control_outcome(self, metadata: RecordMetadata) -> ControlOutcome | None:
        """Return what the record at this position did; None: not decided yet."""
        values = {
            "topic": AUCTION_BID.name,
            "partition": metadata.partition,
            "offset": metadata.offset,
        }
        row = first_row(self._engine, _CONTROL, values)
        return None if row is None else read_row(ControlOutcome, row)


def _page(sort: str) -> str:
    """A page of auctions, chosen before anything is joined to them.

    A million ended ones are sorted as narrow rows, and only a page of them is joined.
    """
    order = _ORDERS[sort]
    chosen = f"SELECT * FROM auctions a {_FILTER} {order.rest}"  # noqa: S608 - of our own constants
    return f"{_SELECT} FROM ({chosen}) a {_JOINS} ORDER BY {order.order}"


def _first_event(begun: State, auction_id: int) -> OutboxMessage:
    auction = replace(begun, terms=replace(begun.terms, auction_id=auction_id))
    return event_message(auction_event(auction, [], {}, {}))


def _time(milliseconds: int) -> datetime | None:
    try:
        return from_epoch_ms(milliseconds)
    except OverflowError:  # an invented cursor
        return datetime.max.replace(tzinfo=from_epoch_ms(0).tzinfo)


def _sorted_by(row: Row[Any], sort: str) -> int:
    if sort == "ending":
        return epoch_ms(row.ends_at)
    return int(row.price) if sort == "price" else 0


def _resource(row: Row[Any], viewer_id: int | None) -> Auction:
    """The auction; without `mine`, which is about the viewer."""
    state = auction_of(row[:STATE_COLUMNS])
    winner = None
    if state.winner_id is not None:
        winner = Winner(row.winner_alias, row.winning_amount)
    may_know_winner = winner is not None and viewer_id in (state.terms.seller_id, state.winner_id)
    return Auction(
        id=row.id,
        version=state.version,
        status=state.status,
        mode=state.terms.mode,
        product=_product(row),
        seller=Person(row.seller_id, row.seller_nickname),
        currency=state.terms.currency,
        starting_price=state.terms.starting_price,
        price=state.price,
        minimum_next_bid=state.minimum_next_bid,
        bid_count=state.bid_count,
        leader=None if row.leader_alias is None else Leader(row.leader_alias),
        reserve=state.reserve_state,
        buy_now_price=state.buy_now_price,
        starts_at=rfc3339(state.terms.starts_at),
        ends_at=rfc3339(state.ends_at),
        scheduled_ends_at=rfc3339(state.terms.scheduled_ends_at),
        last_ends_at=rfc3339(state.terms.last_ends_at),
        extensions=state.extensions,
        winner=winner,
        closed_at=None if state.closed_at is None else rfc3339(state.closed_at),
        voided=row.voided_aliases or UNSET,
        winner_user=Person(row.winner_id, row.winner_nickname) if may_know_winner else UNSET,
    )


def _newest_bids(row: Row[Any]) -> list[PublicBid]:
    columns = (row.seqs, row.amounts, row.aliases, row.automatics, row.times, row.voids)
    return [_public_bid(values) for values in zip(*(c or () for c in columns), strict=True)]


def _public_bid(row: Sequence[Any]) -> PublicBid:
    seq, amount, alias, automatic, at, is_voided = row
    return PublicBid(seq, amount, alias, automatic, rfc3339(at), is_voided or UNSET)


def _product(row: Row[Any]) -> AuctionProduct:
    product = AuctionProduct(row.product_id, row.product_name, row.thumbnail_url)
    if "description" not in row._fields:
        return product
    pictures = [Picture(one["url"], one["thumbnail_url"]) for one in row.pictures]
    return msgspec.structs.replace(product, description=row.description, pictures=pictures)


def _mine(row: Row[Any], state: State, viewer_id: int, default_limit: int) -> Mine:
    leads = state.leader_id == viewer_id
    return Mine(
        standing=_standing(state, viewer_id, has_bid=row.my_maximum is not None),
        alias=row.my_alias,
        maximum=state.leader_maximum if leads else row.my_maximum,
        watching=row.watching,
        limit=default_limit if row.my_limit is None else row.my_limit,
        blocked=row.blocked,
    )


def _standing(state: State, viewer_id: int, *, has_bid: bool) -> StandingOfMine:
    if not has_bid:
        return "none"
    if state.winner_id == viewer_id:
        return "won"
    if state.ended:
        return "lost"
    return "leading" if state.leader_id == viewer_id else "outbid"
