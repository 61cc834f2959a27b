"""From a client's frames to the services, and from their errors to frames or closes (wire.md)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from msgspec.structs import asdict

from app.domain.errors import (
    BusyError,
    DomainError,
    FieldFault,
    ForbiddenError,
    InvalidError,
    UnauthenticatedError,
    UnknownFateError,
)
from app.protocol import frames
from app.protocol.outcomes import Receipt
from app.protocol.problems import CloseCode
from app.protocol.pushes import (
    BidReceived,
    BidStatusAnswer,
    BidUnknown,
    ChatReceived,
    ChatUnknown,
    FrameError,
    FrameLimits,
    NoticeAcked,
    TimeAnswer,
    Unsubscribed,
    Welcome,
    notice_push,
)
from app.protocol.resources import Person
from app.protocol.types import INT64_MAX
from app.protocol.validation import MalformedError, decode_object, parse
from app.services.accounts import Identity
from app.services.bidding import KnownBid, Offer
from app.services.chat import ChatDraft
from app.services.rights import Right
from app.web.retry import retry_after_ms
from app.web.turns import LOOP_TURNS
from app.web.ws.connection import Connection, rate_limited
from app.web.ws.rate import RateDecision
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices
from app.web.ws.subscribing import Subscribing

log = structlog.get_logger()

# The frames that a guest may not send
USER_FRAMES = (frames.BidPlace, frames.BidStatus, frames.ChatSend, frames.NoticeAck)
# The frames that a suspended user may not send
OF_ACTIVE = (frames.BidPlace, frames.ChatSend)
# What changes something: carried out though its socket ended before its turn came
LASTING = (frames.BidPlace, frames.ChatSend, frames.NoticeAck)
# Queues of a socket beside those of its channels, auctions and rooms
AUTH, NOTICES = "auth", "notices"
OUR_FAULT = "our fault"
BIDS_WAITING_MAX: Final = 8  # of a socket, for their turn; it is read no further until then


@dataclass(frozen=True, slots=True)
class Request:
    """A frame of a client: `values` as received, of `size` bytes."""

    connection: Connection
    frame_id: int
    values: dict[str, Any]
    size: int


class Dispatcher:
    """Handles the frames of all sockets of a process."""

    def __init__(
        self, services: GatewayServices, registry: Registry, subscribing: Subscribing
    ) -> None:
        self._services, self._registry, self._subscribing = services, registry, subscribing
        self._limits, self._clock = services.limits, services.clock
        self._handlers: dict[type[frames.ClientFrame], Callable[[Connection, Any], None]] = {
            frames.Auth: self._auth,
            frames.Time: self._time,
            frames.Subscribe: subscribing.subscribe,
            frames.Unsubscribe: self._unsubscribe,
            frames.BidPlace: self._on_bid_place,
            frames.BidStatus: self._bid_status,
            frames.ChatSend: self._chat_send,
            frames.NoticeAck: self._notice_ack,
        }

    def handle(self, connection: Connection, text: str) -> None:
        """Handle one message of a client. Never waits: what must wait goes to the socket's
        queues."""
        bid = frames.decode_bid(text)
        if bid is not None:
            is_allowed = self._is_allowed(connection, bid, len(text))
            right = self._cached_right(connection, bid) if is_allowed else None
            if right is not None:
                connection.last_frame_id = bid.id
                if self._is_in_turn_rate(connection, bid.id):
                    self._answer_bid(connection, bid, right, self._on_bid_place)
                return
        self._handle_any(connection, text)

    def admit(self, connection: Connection, text: str) -> bool:
        """Take a valid bid that has to wait for its turn, and return True: it is refused at once,
        or placed in turn without being checked again. Return False for every other message.

        Whoever is refused when more comes than is carried would else wait for all who came before.
        """
        bid = frames.decode_bid(text)
        if bid is None or not self._is_allowed(connection, bid, len(text)):
            return False
        bidding, lateness = self._services.bidding, self._services.admission.lateness
        received_at = connection.received_at
        lateness.update_oldest(LOOP_TURNS.oldest_s(received_at), received_at)
        right = self._cached_right(connection, bid)
        try:
            if right is None or connection.bids_waiting >= BIDS_WAITING_MAX:
                bidding.check(bid.auction_id)
                return False
            bidding.reserve(bid.auction_id)
        except BusyError as error:
            connection.last_frame_id = bid.id
            if self._is_in_rate(connection, bid.id):
                self._refuse(connection, bid.id, error)
            return True
        connection.last_frame_id = bid.id
        if self._is_in_rate(connection, bid.id):
            connection.bids_waiting += 1
            LOOP_TURNS.put(partial(self._on_turn, connection, bid, right, received_at))
        else:
            bidding.release(bid.auction_id)
        return True

    def _on_turn(
        self, connection: Connection, bid: frames.BidPlace, right: Right, received_at: float
    ) -> None:
        """Place a bid that was admitted when it was received, even when its socket has ended."""
        connection.bids_waiting -= 1
        self._services.bidding.release(bid.auction_id)
        now = self._clock()
        self._services.admission.lateness.update(now - received_at, now)
        if not connection.ignores_messages:
            place = partial(self._place, waited_s=now - received_at)
            self._answer_bid(connection, bid, right, place)

    def _handle_any(self, connection: Connection, text: str) -> None:
        try:
            values = decode_object(text)
        except MalformedError:
            self._malformed(connection)
            return
        frame_id = values.get("id")
        if type(frame_id) is not int or not connection.last_frame_id < frame_id <= INT64_MAX:
            self._malformed(connection)
            return
        connection.last_frame_id = frame_id
        is_too_early = not connection.is_admitted and not connection.queues.waiting(AUTH)
        if is_too_early and values.get("type") != "auth":
            connection.close(CloseCode.UNAUTHENTICATED, "auth first")
        elif self._is_in_turn_rate(connection, frame_id):
            request = Request(connection, frame_id, values, len(text.encode()))
            self._in_turn(request)

    def _is_allowed(self, connection: Connection, bid: frames.BidPlace, size: int) -> bool:
        """Return whether the socket may send the bid.

        Every other bid takes the path of all frames, on which each refusal has its turn. `size` is
        in characters, which are bytes: a valid bid has no other characters.
        """
        identity = connection.identity
        return (
            identity is not None
            and not identity.is_suspended
            and connection.is_admitted
            and bid.id > connection.last_frame_id
            and size <= self._limits.bid_frame_bytes_max
        )

    def _cached_right(self, connection: Connection, bid: frames.BidPlace) -> Right | None:
        """Return the right to bid; None when a store must be asked, or something waits for one."""
        identity = connection.identity
        if identity is None or not connection.queues.is_empty:
            return None
        return self._services.bidding.cached_right(identity.user_id, bid.auction_id)

    def _answer_bid(
        self,
        connection: Connection,
        bid: frames.BidPlace,
        right: Right,
        place: Callable[[Connection, frames.BidPlace, Right], None],
    ) -> None:
        try:
            place(connection, bid, right)
        except DomainError as error:
            self._refuse(connection, bid.id, error)
        except Exception:
            log.exception("frame_failed", connection_id=connection.id, type=bid.type)
            connection.answer(_error(bid.id, "INTERNAL", OUR_FAULT))

    def closed(self, connection: Connection) -> None:
        """Clean up after a socket; frames of LASTING that it sent are still handled."""
        identity = connection.identity
        self._registry.remove(connection)
        if identity is not None:
            self._services.shared_sockets.release_socket(identity.user_id, connection.id)

    @staticmethod
    def _malformed(connection: Connection) -> None:
        if connection.is_admitted or connection.queues.waiting(AUTH):
            connection.close(CloseCode.MALFORMED, "malformed")
        else:
            connection.close(CloseCode.UNAUTHENTICATED, "auth first")

    def _is_in_turn_rate(self, connection: Connection, frame_id: int) -> bool:
        """As `_is_in_rate`, of a frame that has had its turn."""
        if connection.identity is not None:  # guests wait for each other
            self._services.admission.lateness.update(connection.waited_s, self._clock())
        return self._is_in_rate(connection, frame_id)

    def _is_in_rate(self, connection: Connection, frame_id: int) -> bool:
        """Return whether the frame is within the rate of its socket; answer it otherwise."""
        now = self._clock()
        decision = connection.rate.check(now)
        if decision is RateDecision.CLOSE:
            connection.close(CloseCode.RATE, "too many frames")
        elif decision is RateDecision.REFUSE:
            connection.answer(rate_limited(connection.rate.retry_after_ms, frame_id))
        return decision is RateDecision.PASS

    def _in_turn(self, request: "Request") -> None:
        """Handle frames that follow a first `auth` after it; a token may be renewed beside the
        rest."""
        queues, identity = request.connection.queues, request.connection.identity
        waiting = queues.waiting(AUTH)
        if waiting > 1 or (waiting and identity is None):
            with self._answering(request):
                queues.put(AUTH, partial(self._carry_out_after_auth, request))
        else:
            self._carry_out(request, has_waited=False)

    def _carry_out_after_auth(self, request: "Request") -> None:
        if request.connection.is_open:  # else that `auth` failed
            self._carry_out(request, has_waited=True)

    def _carry_out(self, request: "Request", *, has_waited: bool) -> None:
        connection = request.connection
        with self._answering(request):
            frame = self._parsed(request)
            queue = self._queue_of(connection, frame)
            if queue is None or (queue == AUTH and has_waited):
                self._run(request, frame)
            else:
                connection.queues.put(queue, partial(self._run, request, frame))

    def _run(self, request: "Request", frame: frames.ClientFrame) -> None:
        if request.connection.is_open or isinstance(frame, LASTING):
            with self._answering(request):
                self._handlers[type(frame)](request.connection, frame)

    def _queue_of(self, connection: Connection, frame: frames.ClientFrame) -> str | None:
        """Return the queue whose order the frame must keep; None when it need not wait."""
        identity, services = connection.identity, self._services
        if isinstance(frame, frames.Auth):
            return None if frame.token is None else AUTH
        if isinstance(frame, frames.Subscribe):
            return frame.channel
        if isinstance(frame, frames.BidStatus):
            return f"status:{frame.auction_id}"
        if isinstance(frame, frames.NoticeAck):
            return NOTICES
        queue, is_cached = "", True
        if isinstance(frame, frames.Unsubscribe):
            queue = frame.channel
        elif isinstance(frame, frames.BidPlace) and identity is not None:
            queue = f"bid:{frame.auction_id}"
            right = services.bidding.cached_right(identity.user_id, frame.auction_id)
            is_cached = right is not None
        elif isinstance(frame, frames.ChatSend) and identity is not None:
            queue, is_cached = f"chat:{frame.room_id}", False  # its rate is checked in Redis
        return None if is_cached and not connection.queues.waiting(queue) else queue

    @contextmanager
    def _answering(self, request: "Request") -> Iterator[None]:
        """Answer with the error raised inside."""
        try:
            yield
        except DomainError as error:
            self._refuse(request.connection, request.frame_id, error)
        except Exception:
            kind = str(request.values.get("type"))
            log.exception("frame_failed", connection_id=request.connection.id, type=kind)
            request.connection.answer(_error(request.frame_id, "INTERNAL", OUR_FAULT))

    def _refuse(self, connection: Connection, frame_id: int, error: DomainError) -> None:
        if isinstance(error, InvalidError):
            self._invalid(connection, frame_id, error)
        else:
            connection.answer(_error(frame_id, error.code, error.detail, retry_after_ms(error)))

    def _parsed(self, request: "Request") -> frames.ClientFrame:
        kind = request.values.get("type")
        struct = frames.CLIENT_FRAMES.get(kind) if isinstance(kind, str) else None
        if struct is None:
            raise InvalidError([FieldFault("type", "INVALID", "unknown type")])
        if struct in USER_FRAMES:
            identity = _signed_in(request.connection)  # before a guest's text is normalised
            if struct in OF_ACTIVE and identity.is_suspended:
                raise ForbiddenError(detail="this account is suspended")
        frame = parse(request.values, struct)  # first: a wrong field is named, however long
        if struct is frames.BidPlace:
            self._check_bid_size(request.size)
        return frame

    def _check_bid_size(self, size: int) -> None:
        if size > self._limits.bid_frame_bytes_max:
            raise InvalidError([FieldFault("", "TOO_LARGE", "a bid's frame is too large")])

    @staticmethod
    def _invalid(connection: Connection, frame_id: int, error: InvalidError) -> None:
        if not connection.is_admitted:
            connection.close(CloseCode.UNAUTHENTICATED, "bad auth")
            return
        field = error.faults[0].field if error.faults else ""
        connection.answer(FrameError(re=frame_id, code="INVALID", detail=error.detail, field=field))

    def _auth(self, connection: Connection, frame: frames.Auth) -> None:
        identity = None
        if frame.token is not None:
            try:
                identity = self._services.authenticate(frame.token)
            except UnauthenticatedError:
                connection.close(CloseCode.UNAUTHENTICATED, "bad token")
                return
        if self._admit(connection, identity) and self._is_alive(connection, frame):
            connection.is_admitted = True
            connection.answer(self._welcome(connection, frame.id))
            self._send_notices_soon(connection)

    def _is_alive(self, connection: Connection, frame: frames.Auth) -> bool:
        """Return whether the session still exists, now that its end would be noticed."""
        if frame.token is not None:
            try:
                self._services.authenticate(frame.token)
            except UnauthenticatedError:
                connection.close(CloseCode.UNAUTHENTICATED, "signed out")
        return connection.is_open

    def _admit(self, connection: Connection, identity: Identity | None) -> bool:
        before = connection.identity
        if before is not None and (identity is None or identity.user_id != before.user_id):
            connection.close(CloseCode.UNAUTHENTICATED, "another user")
            return False
        if identity is None:
            return True
        if before is None:
            self._subscribing.expect_user(identity.user_id)
        if before is None and not self._claim(connection, identity.user_id):
            return False
        self._registry.identify(connection, identity)
        return True

    def _claim(self, connection: Connection, user_id: int) -> bool:
        """Register the socket, which evicts the one silent for longest; return False when the
        socket ended meanwhile."""
        evicted = self._services.shared_sockets.claim_socket(user_id, connection.id)
        if not connection.is_open:
            self._services.shared_sockets.release_socket(user_id, connection.id)
            return False
        if evicted is None:  # then at least not too many here
            evicted = self._registry.oldest(user_id, self._limits.sockets_per_user_max - 1)
        for socket_id in evicted:
            self._registry.evict(user_id, socket_id)
        return True

    def _welcome(self, connection: Connection, frame_id: int) -> Welcome:
        identity, limits = connection.identity, self._limits
        return Welcome(
            re=frame_id,
            connection_id=connection.id,
            user=None if identity is None else Person(identity.user_id, identity.nickname),
            server_ms=self._now_ms(),
            ping_s=limits.ping_s,
            limits=FrameLimits(
                frame_bytes_max=limits.frame_bytes_max,
                frames_per_s_max=limits.frames_per_s_max,
                subscriptions_max=limits.subscriptions_per_socket_max,
            ),
        )

    def _send_notices_soon(self, connection: Connection) -> None:
        try:
            connection.queues.put(NOTICES, partial(self._send_notices, connection))
        except BusyError:
            log.warning("notices_unread_failed", code="BUSY")

    def _send_notices(self, connection: Connection) -> None:
        if connection.identity is None:
            return
        try:
            for notice in self._services.user_notices.unread(connection.identity.user_id):
                connection.answer(notice_push(notice))
        except DomainError as error:
            log.warning("notices_unread_failed", code=error.code)
        except Exception:
            log.exception("notices_unread_failed")

    def _time(self, connection: Connection, frame: frames.Time) -> None:
        connection.answer(
            TimeAnswer(re=frame.id, client_ms=frame.client_ms, server_ms=self._now_ms())
        )

    def _now_ms(self) -> int:
        return int(self._services.wall_clock() * 1_000)

    def _unsubscribe(self, connection: Connection, frame: frames.Unsubscribe) -> None:
        self._registry.leave(connection, frame.channel)
        connection.answer(Unsubscribed(re=frame.id, channel=frame.channel))

    def _on_bid_place(
        self, connection: Connection, frame: frames.BidPlace, right: Right | None = None
    ) -> None:
        self._services.bidding.check(frame.auction_id)
        self._place(connection, frame, right)

    def _place(
        self,
        connection: Connection,
        frame: frames.BidPlace,
        right: Right | None,
        *,
        waited_s: float = 0.0,
    ) -> None:
        offer = Offer(
            bidder_id=_signed_in(connection).user_id,
            auction_id=frame.auction_id,
            amount=frame.amount,
            kind=frame.kind,
            confirm=frame.confirm,
            key=frame.key,
        )
        traffic, began = self._registry.traffic, self._clock()
        traffic.bids_received += 1

        def done(result: Receipt | UnknownFateError) -> None:
            if isinstance(result, UnknownFateError):
                traffic.bids_unknown += 1
                connection.answer(BidUnknown(re=frame.id, key=frame.key))
            else:
                traffic.bids_acknowledged += 1
                traffic.receipts_s.append(self._clock() - began)
                connection.answer(_received(frame.id, result))

        bid = self._services.bidding.place_soon(offer, done, right=right, waited_s=waited_s)
        self._registry.expect_outcome(bid)

    def _bid_status(self, connection: Connection, frame: frames.BidStatus) -> None:
        user_id = _signed_in(connection).user_id
        known = self._services.bidding.status(user_id, frame.auction_id, frame.key)
        connection.answer(_status(frame, known))

    def _chat_send(self, connection: Connection, frame: frames.ChatSend) -> None:
        identity = _signed_in(connection)
        draft = ChatDraft(
            sender_id=identity.user_id,
            room_id=frame.room_id,
            text=frame.text,
            key=frame.key,
        )

        def done(result: UUID | UnknownFateError) -> None:
            if isinstance(result, UnknownFateError):
                connection.answer(ChatUnknown(re=frame.id, key=frame.key))
                return
            connection.answer(
                ChatReceived(
                    re=frame.id, message_id=str(result), room_id=frame.room_id, key=frame.key
                )
            )

        self._services.chat.send_soon(draft, done)

    def _notice_ack(self, connection: Connection, frame: frames.NoticeAck) -> None:
        self._services.user_notices.acknowledge(_signed_in(connection).user_id, frame.up_to)
        connection.answer(NoticeAcked(re=frame.id, up_to=frame.up_to))


def _signed_in(connection: Connection) -> Identity:
    if connection.identity is None:
        raise UnauthenticatedError(detail="sign in first")
    return connection.identity


def _error(frame_id: int, code: str, detail: str, after_ms: int | None = None) -> FrameError:
    if after_ms is None:
        return FrameError(re=frame_id, code=code, detail=detail)
    return FrameError(re=frame_id, code=code, detail=detail, retry=True, retry_after_ms=after_ms)


def _received(frame_id: int, receipt: Receipt) -> BidReceived:
    return BidReceived(
        re=frame_id,
        bid_id=receipt.bid_id,
        key=receipt.key,
        auction_id=receipt.auction_id,
        amount=receipt.amount,
        kind=receipt.kind,
        partition=receipt.partition,
        offset=receipt.offset,
        log_time=receipt.log_time,
    )


def _status(frame: frames.BidStatus, known: KnownBid | None) -> BidStatusAnswer:
    if known is None:
        return BidStatusAnswer(
            re=frame.id, auction_id=frame.auction_id, key=frame.key, status="unknown"
        )
    return BidStatusAnswer(re=frame.id, **{**asdict(known.receipt), **asdict(known.outcome)})
