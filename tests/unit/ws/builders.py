"""A dispatcher and a hub over real sockets, with services made of dictionaries."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import gevent
from gevent import socket
from gevent.event import Event
from redis import Redis
from websocket import ABNF

from app.adapters.redis.rates import LocalRates
from app.domain.errors import BusyError, NotFoundError, UnauthenticatedError, UnknownFateError
from app.protocol.fanout import UserNotice
from app.protocol.outcomes import PublicBid
from app.protocol.pushes import PriceItem
from app.protocol.resources import Auction, AuctionQuery, ChatMessage, Notice
from app.services.accounts import Identity
from app.services.backlog import Admission
from app.services.bidding import Bidding, KnownBid, Lot, RefusedBid
from app.services.chat import Chat
from app.services.futile_bids import FutileBids
from app.services.live import Snapshot
from app.services.log import OnAcknowledged, RecordMetadata
from app.services.nicknames import Nicknames
from app.services.pages import Position
from app.services.rights import Bidder, Pair, RightsToBid
from app.services.snapshots import Snapshots
from app.settings import Limits
from app.web.turns import Turns
from app.web.ws.connection import Connection
from app.web.ws.dispatch import Dispatcher
from app.web.ws.hub import Hub
from app.web.ws.reader import Admit, OnMessage, Reader
from app.web.ws.recovery import Recovery
from app.web.ws.registry import Registry
from app.web.ws.services import Clock, GatewayServices
from app.web.ws.subscribing import Subscribing
from app.web.ws.traffic import Traffic
from app.web.ws.waits import OutcomeWaits
from lanes.topic import Topic

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_user(user_id: int, *, is_suspended: bool = False) -> Identity:
    """A user, signed in for a long time."""
    return Identity(
        user_id=user_id,
        nickname=f"user {user_id}",
        role="user",
        is_suspended=is_suspended,
        session_id=f"session {user_id}",
        expires_at_s=4e9,
    )


@dataclass
class FakeServices:
    """Implements every port; the log acknowledges at once unless `append_error` is set."""

    check_error: BusyError | None = None
    append_error: Exception | None = None
    appended: list[tuple[str, int, bytes]] = field(default_factory=list)
    known: list[KnownBid] = field(default_factory=list)
    refused: list[RefusedBid] = field(default_factory=list)
    notices: list[UserNotice] = field(default_factory=list)
    chat_messages: list[ChatMessage] = field(default_factory=list)
    is_store_down: bool = False
    evicted: list[str] | None = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    suspended: set[int] = field(default_factory=set)
    frozen: dict[str, Event] = field(default_factory=dict)
    rates: LocalRates = field(default_factory=lambda: LocalRates(clock=lambda: 0.0))
    passed_s: float = 0.0  # beside those of the machine's clock

    def freeze(self, *stores: str) -> None:
        """Let these not answer: `claims`, `sessions`, `auctions`, `bids`, `rooms`, `messages`."""
        for store in stores:
            self.frozen[store] = Event()

    def unfreeze(self, store: str) -> None:
        self.frozen.pop(store).set()

    def wait(self, store: str) -> None:
        if store in self.frozen:
            self.frozen[store].wait()

    def __post_init__(self) -> None:
        self.admission = Admission(lambda: 0.0)
        rights = RightsToBid(self, must_be_proved=True, limits=Limits())
        futile = FutileBids(1_000)
        self.bidding = Bidding(self, self, rights=rights, futile=futile, clock=lambda: NOW)
        self.chat = Chat(
            self,
            membership=self,
            messages=self,
            tail=self,
            nicknames=Nicknames(lambda _: {}),
            rates=self.rates,
            limits=Limits(),
            clock=lambda: NOW,
        )
        self.snapshots = Snapshots(self, self.prices, limits=Limits())

    def clock(self) -> float:
        return time.monotonic() + self.passed_s

    def of_gateway(self, limits: Limits | None = None) -> GatewayServices:
        """What the sockets of a gateway get."""
        return GatewayServices(
            limits=limits or Limits(),
            clock=self.clock,
            wall_clock=time.time,
            admission=self.admission,
            bidding=self.bidding,
            chat=self.chat,
            auction_views=self,
            live=self,
            snapshots=self.snapshots,
            user_notices=self,
            shared_sockets=self,
            fanout=Redis(),
            waits=OutcomeWaits(),
            authenticate=self.authenticate,
            living_sessions=self.living_sessions,
            start_producers=self.start_producers,
            flush_producers=self.flush_producers,
        )

    def check(self, topic: Topic) -> None:
        if self.check_error is not None:
            raise self.check_error

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAcknowledged) -> None:
        if isinstance(self.append_error, BusyError):
            raise self.append_error
        self.appended.append((topic.name, key, value))
        if isinstance(self.append_error, UnknownFateError):
            done(self.append_error)
        else:
            done(RecordMetadata(3, len(self.appended) - 1, NOW))

    def append(self, topic: Topic, *, key: int, value: bytes) -> RecordMetadata:
        raise NotImplementedError

    def lots(self, auction_ids: Sequence[int]) -> dict[int, Lot]:
        self.wait("auctions")
        return {id_: Lot(seller_id=1, currency="KRW") for id_ in auction_ids if id_ < 100}

    def rights(self, pairs: Sequence[Pair]) -> dict[Pair, tuple[Bidder, bool]]:
        return {pair: (Bidder(is_proved=True, limits={}), False) for pair in pairs}

    def decided(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        wanted = {str(bid) for bid in bid_ids}
        return [known for known in self.known if known.receipt.bid_id in wanted]

    def archived(self, bid: UUID, auction_id: int | None) -> KnownBid | None:
        return None

    def decided_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[KnownBid]]:
        yield [known for known in self.known if known.bidder_id in bidder_ids]

    def refused_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[RefusedBid]]:
        yield [refused for refused in self.refused if refused.refusal.bidder_id in bidder_ids]

    def published_lately(
        self, user_ids: Sequence[int], within_s: float
    ) -> Iterator[list[UserNotice]]:
        yield [notice for notice in self.notices if notice.user_id in user_ids]

    def waiting(self, bid: UUID, auction_id: int) -> KnownBid | None:
        self.wait("bids")
        return None

    def waiting_anywhere(self, bid: UUID) -> KnownBid | None:
        return None

    def room_exists(self, room_id: int) -> bool:
        return room_id < 100

    def is_member(self, room_id: int, user_id: int) -> bool:
        self.wait("rooms")
        return room_id == user_id

    def after(self, room_id: int, seq: int, limit: int) -> list[ChatMessage]:
        self.wait("messages")
        if self.is_store_down:
            raise BusyError("away")
        return [message for message in self.chat_messages if message.seq > seq][:limit]

    def before(self, room_id: int, seq: int | None, limit: int) -> list[ChatMessage]:
        return self.chat_messages[-limit:]

    def newest(self, room_id: int) -> list[ChatMessage]:
        return []

    def auction(self, auction_id: int, viewer_id: int | None) -> Auction:
        raise NotFoundError("no such auction")

    def snapshot(self, auction_id: int, viewer_id: int | None, bids_max: int) -> Snapshot:
        raise NotFoundError("no such auction")

    def page(
        self, query: AuctionQuery, after: Position | None, limit: int, viewer_id: int | None
    ) -> list[tuple[Auction, int]]:
        return []

    def history(self, auction_id: int, after_seq: int, limit: int) -> list[PublicBid]:
        return []

    def prices(self) -> list[PriceItem]:
        return []

    def unread(self, user_id: int) -> list[Notice]:
        return []

    def acknowledge(self, user_id: int, up_to: int) -> None:
        return None

    def authenticate(self, token: str) -> Identity:
        self.wait("sessions")
        if not token.isdigit() or f"session {token}" in self.ended:
            raise UnauthenticatedError
        return a_user(int(token), is_suspended=int(token) in self.suspended)

    def living_sessions(self, session_ids: Sequence[str]) -> set[str]:
        return set(session_ids) - self.ended

    def claim_socket(self, user_id: int, socket_id: str) -> list[str] | None:
        self.wait("claims")
        return self.evicted

    def release_socket(self, user_id: int, socket_id: str) -> None:
        self.released.append(socket_id)

    def listen_to(self, channels: Sequence[str], timeout_s: float) -> bool:
        return True

    def expect(self, channels: Sequence[str], timeout_s: float) -> None:
        return None

    def count(self, channel: str) -> int:
        return 1

    def exchange(self, here: Mapping[str, int]) -> dict[str, int]:
        return dict(here)

    def renew_sockets(self, sockets: Mapping[int, Mapping[str, float]]) -> None:
        return None

    def start_producers(self) -> None:
        return None

    def flush_producers(self, timeout_s: float) -> None:
        return None


def a_hub(services: FakeServices, limits: Limits | None = None) -> Hub:
    """A hub without sockets."""
    return Hub(services.of_gateway(limits), Registry(services.clock))


def a_connection(
    sock: socket.socket, *, limits: Limits | None = None, clock: Clock = time.monotonic
) -> Connection:
    """A socket of no gateway."""
    return Connection(sock, limits=limits or Limits(), clock=clock, traffic=Traffic())


def spawn_reader(
    connection: Connection,
    on_message: OnMessage = lambda *_: None,
    *,
    admit: Admit = lambda *_: False,
    guest_turns: Turns | None = None,
) -> "gevent.Greenlet[[], None]":
    """Read the socket in a greenlet, until its end."""
    turns = guest_turns or Turns(at_once=1)
    return gevent.spawn(
        Reader(connection, guest_turns=turns, on_message=on_message, admit=admit).run
    )


class Client:
    """One socket of a hub, spoken to without a network in between."""

    def __init__(
        self, services: FakeServices, hub: Hub | None = None, *, limits: Limits | None = None
    ) -> None:
        self.hub = hub or a_hub(services, limits)
        registry, gateway_services = self.hub.registry, services.of_gateway(limits)
        self.recovery = Recovery(gateway_services, self.hub)
        subscribing = Subscribing(gateway_services, registry, stream=services, online=services)
        self._dispatcher = Dispatcher(gateway_services, registry, subscribing)
        ours, self._theirs = socket.socketpair()
        self._theirs.settimeout(0.0)
        self.connection = a_connection(ours, limits=limits, clock=services.clock)
        registry.add(self.connection)
        self._frame_id = 0

    @property
    def channels(self) -> set[str]:
        return self.connection.channels

    def request(self, type_: str, **fields: Any) -> list[dict[str, Any]]:
        self._frame_id += 1
        return self.request_text(json.dumps({"id": self._frame_id, "type": type_, **fields}))

    def request_text(self, text: str) -> list[dict[str, Any]]:
        self.send_text(text)
        while len(self.connection.queues):
            gevent.sleep(0)
        return self.received()

    def send(self, type_: str, **fields: Any) -> int:
        """As `request`, for a frame that may have to wait; return the frame's id."""
        self._frame_id += 1
        self.send_text(json.dumps({"id": self._frame_id, "type": type_, **fields}))
        return self._frame_id

    def send_text(self, text: str) -> None:
        self._dispatcher.handle(self.connection, text)

    def admit(self, type_: str, **fields: Any) -> bool:
        """Whether a frame that has to wait for its turn is done with, or will be in turn."""
        self._frame_id += 1
        text = json.dumps({"id": self._frame_id, "type": type_, **fields})
        return self._dispatcher.admission.admit(self.connection, text)

    def answers(self) -> list[dict[str, Any]]:
        """Return the received frames, after all ready greenlets have run."""
        for _ in range(20):
            gevent.sleep(0)
        return self.received()

    def end(self) -> None:
        """The socket has ended, with or without work in progress."""
        self.connection.close(1001)
        self._dispatcher.authentication.closed(self.connection)

    def received(self) -> list[dict[str, Any]]:
        """Return the frames received since the last call; a close is `{"close": code}`."""
        try:
            data = self._theirs.recv(1_000_000)
        except BlockingIOError:
            return []
        return read_frames(data)


def read_frames(data: bytes) -> list[dict[str, Any]]:
    """What a server has sent; a close is `{"close": code}`."""
    return [_read(opcode, payload) for opcode, payload in _frames(data)]


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    frames = []
    while data:
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        frames.append((data[0] & 15, data[start : start + size]))
        data = data[start + size :]
    return frames


def _read(opcode: int, payload: bytes) -> dict[str, Any]:
    if opcode == ABNF.OPCODE_CLOSE:
        return {"close": int.from_bytes(payload[:2], "big")}
    read: dict[str, Any] = json.loads(payload)
    return read
