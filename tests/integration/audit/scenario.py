"""A small database made by the use cases: users, auctions, bids with receipts, chat."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Row, func, insert, select

from app.adapters.postgres import schema
from app.domain.errors import UnknownFateError
from app.protocol.outcomes import Leader, Receipt
from app.protocol.records import CloseValue
from app.protocol.resources import AuctionCreate, AuctionVoid, ProductCreate, SoftClose
from app.protocol.topics import AUCTION_BID
from app.services.bidding import Offer
from app.services.chat import ChatDraft
from bridge.audit import audit
from lanes.audit.ports import Scope
from lanes.audit.results import AuditResults
from lanes.postgres import schema as lane_schema
from tests.containers import Container
from tests.waiting import CALL_S, stretched, wait_until

NICKNAME = "n"


@dataclass(frozen=True, slots=True)
class Lot:
    """An auction, its seller and bidders, and its chat room."""

    auction_id: int
    seller: int
    bidders: Sequence[int]
    room_id: int


@dataclass(frozen=True, slots=True)
class SettledScenario:
    """A house at rest: an open auction, a sold one, one with a bid that nobody settles, and one
    with a voided leader; the receipts of the open one's bids, and the messages of its room."""

    container: Container
    open: Lot
    sold: Lot
    waiting: Lot
    voided: Lot
    receipts: Sequence[Receipt]
    chat_message_ids: Sequence[UUID]

    def audit(self, lot: Lot, *journals: Any) -> AuditResults:
        """Audit one auction, in this process."""
        return audit(self.container, Scope(lane=str(lot.auction_id)), journals)

    def bids(self, lot: Lot) -> list[Row[Any]]:
        """Its rows of `bids`, in log order."""
        table = schema.bids
        return self.rows(table, table.c.auction_id == lot.auction_id)

    def decisions(self, lot: Lot) -> list[Row[Any]]:
        """Its rows of `decisions`, in log order."""
        table = schema.decisions
        return self.rows(table, table.c.auction_id == lot.auction_id)

    def rows(self, table: Any, which: Any) -> list[Row[Any]]:
        """The rows of a table that has an offset."""
        order = [table.c.offset, *([table.c.automatic] if "automatic" in table.c else [])]
        with self.container.engine.connect() as connection:
            return list(connection.execute(select(table).where(which).order_by(*order)))


def new_lot(container: Container, *, lasts_s: float, bidders: int = 3) -> Lot:
    """Create an open auction from 1,000 won, without soft close, and publish it."""
    seller, *others = people(container, bidders + 1)
    product = container.catalogue.create(
        seller, ProductCreate(name="lot", description="x", sale_type="auction")
    )
    ends_at = datetime.now(UTC) + timedelta(seconds=lasts_s)
    request = AuctionCreate(
        product_id=product.id, starting_price=1_000, ends_at=ends_at, soft_close=SoftClose(0, 0, 0)
    )
    auction = container.auction_house.create(seller, request)
    room, _ = container.rooms.open(seller, auction.id)
    return Lot(auction.id, seller, others, room.id)


def people(container: Container, count: int) -> list[int]:
    """The ids of so many new users."""
    users = schema.users
    values = [{"email": f"{uuid4()}@example.org", "nickname": NICKNAME} for _ in range(count)]
    with container.engine.begin() as connection:
        statement = insert(users).returning(users.c.id, sort_by_parameter_order=True)
        return list(connection.execute(statement, values).scalars())


def bid(container: Container, lot: Lot, who: int, amount: int, key: str, kind: Any) -> Receipt:
    """Place a bid as a gateway does."""
    offer = Offer(lot.bidders[who], lot.auction_id, amount, kind=kind, confirm=True, key=key)
    return container.bidding.place(offer)


def put_record(container: Container, lot: Lot, value: msgspec.Struct | bytes) -> None:
    """Put any record into the lane of an auction."""
    payload = value if isinstance(value, bytes) else msgspec.json.encode(value)
    container.producer.append(AUCTION_BID, key=lot.auction_id, value=payload)


def send_chat(container: Container, lot: Lot, who: int, text: str) -> UUID:
    """Send a chat message, twice, as a producer that retries may; its id."""
    utterance = ChatDraft(lot.bidders[who], lot.room_id, text, key=f"k{who}")
    results: list[UUID | UnknownFateError] = []
    acknowledged = threading.Semaphore(0)

    def done(result: UUID | UnknownFateError) -> None:
        results.append(result)
        acknowledged.release()

    container.rooms.join(lot.bidders[who], lot.room_id)
    for _ in range(2):
        container.chat.send_soon(utterance, done)
        assert acknowledged.acquire(timeout=CALL_S)
    assert isinstance(results[0], UUID)
    assert results[0] == results[1]
    return results[0]


def build_scenario(container: Container) -> SettledScenario:
    """Play the story, and wait until all of it is decided, published and stored."""
    open_lot = new_lot(container, lasts_s=24 * 3_600)
    sold_lot = new_lot(container, lasts_s=stretched(6))
    waiting = new_lot(container, lasts_s=24 * 3_600)
    bid(container, sold_lot, 0, 3_000, "only", "exact")
    voided = with_voided_leader(container)
    receipts = [
        bid(container, open_lot, who, amount, key, kind)
        for who, amount, key, kind in (
            (0, 5_000, "a", "max"),
            (1, 3_000, "b", "max"),  # outbid by an automatic answer
            (1, 10, "c", "exact"),  # too low
            (0, 5_000, "a", "max"),  # a repeat
            (2, 7_000, "d", "exact"),
            (2, 9_000, "e", "max"),  # the leader raises
        )
    ]
    put_record(container, open_lot, CloseValue(1, open_lot.auction_id))  # void
    put_record(container, open_lot, b"\xff\xfe")  # a dead letter
    last = bid(container, open_lot, 1, 12_000, "f", "exact")
    message_ids = [send_chat(container, open_lot, who, f"text {who}") for who in range(2)]
    settled = SettledScenario(
        container, open_lot, sold_lot, waiting, voided, [*receipts, last], message_ids
    )
    _wait_idle(settled)
    return settled


def with_voided_leader(container: Container) -> Lot:
    """Create an auction whose highest bidder an admin voids; the others bid again."""
    lot = new_lot(container, lasts_s=24 * 3_600)
    for who, amount, key in ((0, 5_000, "a"), (1, 3_000, "b"), (2, 10**9, "c")):
        bid(container, lot, who, amount, key, "max" if who == 0 else "exact")
    request = AuctionVoid(bidder_id=lot.bidders[2], reason="a stolen card")
    wait_until(lambda: _is_decided(container, lot, "c"), what="the highest bid leads")
    result = container.auction_house.void(lot.seller, lot.auction_id, request, by="tests")
    shown = result.auction
    assert result.is_decided
    assert (shown.price, shown.leader, shown.voided) == (3_100, Leader(1), [3])
    bid(container, lot, 2, 4_000, "d", "exact")  # blocked
    bid(container, lot, 1, 4_000, "e", "exact")
    wait_until(lambda: _is_decided(container, lot, "e"), what="a bid after the void is decided")
    return lot


def _is_decided(container: Container, lot: Lot, key: str) -> bool:
    table = schema.bids
    with container.engine.connect() as connection:
        which = (table.c.auction_id == lot.auction_id) & (table.c.key == key)
        return connection.execute(select(table.c.bid_id).where(which)).first() is not None


def wait_all_settled(settled: SettledScenario) -> None:
    """Return when all records are ingested, and none of the sold auction waits."""
    container, progress, inbox = settled.container, lane_schema.ingest_progress, lane_schema.inbox
    ends = {part: end for part, (_, end) in container.log_reader.bounds(AUCTION_BID).items()}
    taken = select(progress.c.partition, progress.c.next_offset).where(
        progress.c.topic == AUCTION_BID.name
    )

    def is_all_settled() -> bool:
        with container.engine.connect() as connection:
            offsets = {row.partition: row.next_offset for row in connection.execute(taken)}
        waiting = settled.rows(inbox, inbox.c.key == str(settled.sold.auction_id))
        return offsets == ends and not waiting

    wait_until(is_all_settled, what="all that was asked is settled")


def leave_waiting(settled: SettledScenario) -> None:
    """Without a worker: ingest a bid that is not settled."""
    bid(settled.container, settled.waiting, 0, 2_000, "waits", "exact")
    inbox = lane_schema.inbox
    wait_until(
        lambda: settled.rows(inbox, inbox.c.key == str(settled.waiting.auction_id)),
        what="the bid is taken",
    )


def _wait_idle(settled: SettledScenario) -> None:
    container = settled.container
    conditions: dict[str, Callable[[], bool]] = {
        "all is decided": lambda: (
            len(settled.bids(settled.open)) == 7 and len(settled.decisions(settled.open)) == 2
        ),
        "the other is sold": lambda: any(
            row.effect == "sold" for row in settled.decisions(settled.sold)
        ),
        "all is published": lambda: _count(container, lane_schema.outbox) == 0,
        "all is stored": lambda: len(container.messages.after(settled.open.room_id, -1, 9)) == 2,
        "all is pushed": lambda: len(_tail(settled)) == 2,
    }
    for what, condition in conditions.items():
        wait_until(condition, what=what)


def _tail(settled: SettledScenario) -> Sequence[Any]:
    return settled.container.chat.snapshot(settled.open.room_id, after_seq=None, limit=9).messages


def _count(container: Container, table: Any) -> int:
    with container.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
