"""From a client's frames to the services, and from their errors to frames or closes (wire.md)."""

import time
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

import structlog
from msgspec.structs import asdict

from app.domain.errors import (
    DomainError,
    FieldFault,
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
from app.services.bidding import Bidding, KnownBid, Offer
from app.services.chat import Chat, Utterance
from app.services.live import UserNotices
from app.settings import Limits
from app.web.retry import retry_after_ms
from app.web.ws.connection import Connection
from app.web.ws.identity import Identity
from app.web.ws.rate import Verdict
from app.web.ws.registry import Registry
from app.web.ws.subscribing import Subscribing

log = structlog.get_logger()


class Places(Protocol):
    """The open sockets of a user over all gateways."""

    def claim_socket(self, user_id: int, socket_id: str, *, sockets_max: int) -> bool:
        """Take a place; False when all are taken."""
        ...

    def release_socket(self, user_id: int, socket_id: str) -> None:
        """Give it back."""
        ...


class Services(Protocol):
    """What frames are carried out with."""

    @property
    def bidding(self) -> Bidding:
        """Bids."""
        ...

    @property
    def chat(self) -> Chat:
        """Rooms."""
        ...

    @property
    def user_notices(self) -> UserNotices:
        """Notices."""
        ...

    def authenticate(self, token: str) -> Identity:
        """Whose token this is. Raises UnauthenticatedError."""
        ...


class Dispatcher:
    """Carries out the frames of all sockets of a process."""

    def __init__(
        self,
        services: Services,
        registry: Registry,
        *,
        subscribing: Subscribing,
        places: Places,
        limits: Limits,
    ) -> None:
        self._services, self._registry, self._limits = services, registry, limits
        self._subscribing, self._places = subscribing, places
        self._handlers: dict[type[frames.ClientFrame], Callable[[Connection, Any], None]] = {
            frames.Auth: self._auth,
            frames.Time: self._time,
            frames.Subscribe: subscribing.subscribe,
            frames.Unsubscribe: self._unsubscribe,
            frames.BidPlace: self._bid_place,
            frames.BidStatus: self._bid_status,
            frames.ChatSend: self._chat_send,
            frames.NoticeAck: self._notice_ack,
        }

    def handle(self, connection: Connection, text: str) -> None:
        """One message of a client."""
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
        if not connection.is_welcome and values.get("type") != "auth":
            connection.close(CloseCode.UNAUTHENTICATED, "auth first")
        elif self._is_in_rate(connection, frame_id):
            self._carry_out(connection, frame_id, values, size=len(text.encode()))

    def gone(self, connection: Connection) -> None:
        """The socket has ended."""
        identity = connection.identity
        self._registry.remove(connection)
        if identity is not None:
            self._places.release_socket(identity.user_id, connection.id)

    @staticmethod
    def _malformed(connection: Connection) -> None:
        if connection.is_welcome:
            connection.close(CloseCode.MALFORMED, "malformed")
        else:
            connection.close(CloseCode.UNAUTHENTICATED, "auth first")

    @staticmethod
    def _is_in_rate(connection: Connection, frame_id: int) -> bool:
        verdict = connection.rate.judge(time.monotonic())
        if verdict is Verdict.PASS:
            return True
        if verdict is Verdict.CLOSE:
            connection.close(CloseCode.RATE, "too many frames")
        else:
            after_ms = connection.rate.retry_after_ms
            connection.answer(_error(frame_id, "RATE_LIMITED", "too many frames", after_ms))
        return False

    def _carry_out(
        self, connection: Connection, frame_id: int, values: dict[str, Any], *, size: int
    ) -> None:
        try:
            kind = values.get("type")
            struct = frames.CLIENT_FRAMES.get(kind) if isinstance(kind, str) else None
            if struct is None:
                connection.answer(
                    FrameError(re=frame_id, code="INVALID", detail="unknown type", field="type")
                )
                return
            frame = parse(values, struct)  # first: a wrong field is named, however long
            if struct is frames.BidPlace:
                self._check_bid_size(size)
            self._handlers[struct](connection, frame)
        except InvalidError as error:
            self._invalid(connection, frame_id, error)
        except DomainError as error:
            connection.answer(_error(frame_id, error.code, error.detail, retry_after_ms(error)))
        except Exception:
            log.exception("frame_failed", connection_id=connection.id, type=str(values.get("type")))
            connection.answer(_error(frame_id, "INTERNAL", "our fault"))

    def _check_bid_size(self, size: int) -> None:
        if size > self._limits.bid_frame_bytes_max:
            raise InvalidError([FieldFault("", "TOO_LARGE", "a bid's frame is too large")])

    @staticmethod
    def _invalid(connection: Connection, frame_id: int, error: InvalidError) -> None:
        if not connection.is_welcome:
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
        if self._admit(connection, identity):
            connection.is_welcome = True
            connection.answer(self._welcome(connection, frame.id))
            self._send_notices(connection)

    def _admit(self, connection: Connection, identity: Identity | None) -> bool:
        before = connection.identity
        if before is not None and (identity is None or identity.user_id != before.user_id):
            connection.close(CloseCode.UNAUTHENTICATED, "another user")
            return False
        if identity is None:
            return True
        if before is None and not self._places.claim_socket(
            identity.user_id, connection.id, sockets_max=self._limits.sockets_per_user_max
        ):
            connection.close(CloseCode.TOO_MANY_SOCKETS, "too many sockets")
            return False
        self._registry.identify(connection, identity)
        return True

    def _welcome(self, connection: Connection, frame_id: int) -> Welcome:
        identity, limits = connection.identity, self._limits
        return Welcome(
            re=frame_id,
            connection_id=connection.id,
            user=None if identity is None else Person(identity.user_id, identity.nickname),
            server_ms=_now_ms(),
            ping_s=limits.ping_s,
            limits=FrameLimits(
                frame_bytes_max=limits.frame_bytes_max,
                frames_per_s_max=limits.frames_per_s_max,
                subscriptions_max=limits.subscriptions_per_socket_max,
            ),
        )

    def _send_notices(self, connection: Connection) -> None:
        if connection.identity is None:
            return
        try:
            for notice in self._services.user_notices.unread(connection.identity.user_id):
                connection.answer(notice_push(notice))
        except DomainError as error:
            log.warning("notices_unread_failed", code=error.code)

    @staticmethod
    def _time(connection: Connection, frame: frames.Time) -> None:
        connection.answer(TimeAnswer(re=frame.id, client_ms=frame.client_ms, server_ms=_now_ms()))

    def _unsubscribe(self, connection: Connection, frame: frames.Unsubscribe) -> None:
        self._registry.leave(connection, frame.channel)
        connection.answer(Unsubscribed(re=frame.id, channel=frame.channel))

    def _bid_place(self, connection: Connection, frame: frames.BidPlace) -> None:
        offer = Offer(
            bidder_id=_signed_in(connection).user_id,
            auction_id=frame.auction_id,
            amount=frame.amount,
            kind=frame.kind,
            confirm=frame.confirm,
            key=frame.key,
        )
        traffic, began = self._registry.traffic, time.monotonic()
        traffic.bids_received += 1

        def done(result: Receipt | UnknownFateError) -> None:
            if isinstance(result, UnknownFateError):
                traffic.bids_unknown += 1
                connection.answer(BidUnknown(re=frame.id, key=frame.key))
            else:
                traffic.bids_acknowledged += 1
                traffic.receipts_s.append(time.monotonic() - began)
                connection.answer(_received(frame.id, result))

        bid = self._services.bidding.place_soon(offer, done)
        self._registry.owe(bid)

    def _bid_status(self, connection: Connection, frame: frames.BidStatus) -> None:
        user_id = _signed_in(connection).user_id
        known = self._services.bidding.status(user_id, frame.auction_id, frame.key)
        connection.answer(_status(frame, known))

    def _chat_send(self, connection: Connection, frame: frames.ChatSend) -> None:
        identity = _signed_in(connection)
        said = Utterance(
            sender_id=identity.user_id,
            sender_nickname=identity.nickname,
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

        self._services.chat.send_soon(said, done)

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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
