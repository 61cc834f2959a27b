"""From a message of a client to the handler of its frame, in the client's order (wire.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVarTuple

from app.domain.errors import FieldFault, ForbiddenError, InvalidError
from app.protocol import frames
from app.protocol.problems import CloseCode
from app.protocol.pushes import TimeAnswer, Unsubscribed
from app.protocol.types import INT64_MAX
from app.protocol.validation import MalformedError, decode_object, parse
from app.web.ws.admission import BidAdmission
from app.web.ws.answers import carry_out
from app.web.ws.authentication import Authentication
from app.web.ws.bids import BidFrames
from app.web.ws.chatting import ChatFrames
from app.web.ws.connection import OPENED, Connection
from app.web.ws.notices import NoticeFrames
from app.web.ws.ordering import AUTH, queue_of
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices
from app.web.ws.subscribing import Subscribing

Args = TypeVarTuple("Args")

# The frames that a guest may not send
USER_FRAMES = (frames.BidPlace, frames.BidStatus, frames.ChatSend, frames.NoticeAck)
# The frames that a suspended user may not send
OF_ACTIVE = (frames.BidPlace, frames.ChatSend)
# What changes something: carried out though its socket ended before its turn came
LASTING = (frames.BidPlace, frames.ChatSend, frames.NoticeAck)


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
        self._services, self._registry = services, registry
        bids, chat = BidFrames(services, registry), ChatFrames(services.chat)
        notices = NoticeFrames(services.user_notices)
        self.admission = BidAdmission(services, registry, bids)
        self.authentication = Authentication(
            services, registry, subscribing=subscribing, notices=notices
        )
        self._handlers: dict[type[frames.ClientFrame], Callable[[Connection, Any], None]] = {
            frames.Auth: self.authentication.on_auth,
            frames.Time: self._on_time,
            frames.Subscribe: subscribing.subscribe,
            frames.Unsubscribe: self._on_unsubscribe,
            frames.BidPlace: bids.on_place,
            frames.BidStatus: bids.on_status,
            frames.ChatSend: chat.on_send,
            frames.NoticeAck: notices.on_ack,
        }

    def handle(self, connection: Connection, text: str) -> None:
        """Handle one message of a client that has its turn. Never waits: what must wait goes to
        the socket's queues."""
        if not self.admission.place(connection, text):
            self._handle_any(connection, text)

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
        if _awaits_auth(connection) and values.get("type") != "auth":
            connection.close(CloseCode.UNAUTHENTICATED, "auth first")
            return
        self.admission.count_wait(connection)
        if connection.is_in_rate(frame_id):
            self._in_order(Request(connection, frame_id, values, len(text.encode())))

    @staticmethod
    def _malformed(connection: Connection) -> None:
        if _awaits_auth(connection):
            connection.close(CloseCode.UNAUTHENTICATED, "auth first")
        else:
            connection.close(CloseCode.MALFORMED, "malformed")

    def _in_order(self, request: Request) -> None:
        """Begin with frames that follow a first `auth` after it; a token may be renewed beside the
        rest."""
        queues, identity = request.connection.queues, request.connection.identity
        waiting = queues.waiting(AUTH)
        if waiting > 1 or (waiting and identity is None):
            _carry_out(request, queues.put, AUTH, partial(self._begin_after_auth, request))
        else:
            _carry_out(request, self._begin, request)

    def _begin_after_auth(self, request: Request) -> None:
        if request.connection.is_open:  # else that `auth` failed
            _carry_out(request, self._begin, request, AUTH)

    def _begin(self, request: Request, current: str | None = None) -> None:
        """Handle it at once, or in the queue that it belongs to, unless that is `current`."""
        frame = self._parsed(request)
        queue = queue_of(request.connection, frame, self._services.bidding)
        if queue is None or queue == current:
            self._run(request, frame)
        else:
            request.connection.queues.put(queue, partial(self._run, request, frame))

    def _run(self, request: Request, frame: frames.ClientFrame) -> None:
        if request.connection.is_open or isinstance(frame, LASTING):
            _carry_out(request, self._handlers[type(frame)], request.connection, frame)

    def _parsed(self, request: Request) -> frames.ClientFrame:
        kind = request.values.get("type")
        struct = frames.CLIENT_FRAMES.get(kind) if isinstance(kind, str) else None
        if struct is None:
            raise InvalidError([FieldFault("type", "INVALID", "unknown type")])
        if struct in USER_FRAMES:
            identity = request.connection.signed_in()  # before a guest's text is normalised
            if struct in OF_ACTIVE and identity.is_suspended:
                raise ForbiddenError(detail="this account is suspended")
        frame = parse(request.values, struct)  # first: a wrong field is named, however long
        if struct is frames.BidPlace and request.size > self._services.limits.bid_frame_bytes_max:
            raise InvalidError([FieldFault("", "TOO_LARGE", "a bid's frame is too large")])
        return frame

    def _on_time(self, connection: Connection, frame: frames.Time) -> None:
        server_ms = self._services.now_ms()
        connection.answer(TimeAnswer(re=frame.id, client_ms=frame.client_ms, server_ms=server_ms))

    def _on_unsubscribe(self, connection: Connection, frame: frames.Unsubscribe) -> None:
        self._registry.leave(connection, frame.channel)
        connection.answer(Unsubscribed(re=frame.id, channel=frame.channel))


def _awaits_auth(connection: Connection) -> bool:
    """Return whether only `auth` may come: none was answered, and none waits for a store."""
    return connection.state is OPENED and not connection.queues.waiting(AUTH)


def _carry_out(request: Request, act: Callable[[*Args], None], *args: *Args) -> None:
    kind = str(request.values.get("type"))
    carry_out(request.connection, request.frame_id, kind, act, *args)
