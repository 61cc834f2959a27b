"""The protocol of one socket without any I/O: bytes in, events out; and frames as bytes.

Over wsproto. What the client may not do is told as a `Close` with the code of wire.md; after one
nothing more is heard.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason, FrameProtocol
from wsproto.utilities import LocalProtocolError

from app.protocol.problems import CloseCode

# A server's frames are not masked and keep no state between them: one encoder serves all.
_encoder = FrameProtocol(client=False, extensions=[])

PING = bytes(_encoder.ping(b""))


def text_frame(payload: bytes) -> bytes:
    """One text frame of UTF-8 bytes, as every socket can be sent it."""
    return bytes(_encoder.send_data(payload.decode(), fin=True))


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return bytes(_encoder.close(code, reason))


@dataclass(frozen=True, slots=True)
class Text:
    """A whole message, as UTF-8 text."""

    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes that the protocol wants sent: a pong, or the answer to a close."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Silent:
    """A frame that is not answered: a pong, or a part of a message that is not whole."""


@dataclass(frozen=True, slots=True)
class Close:
    """The client must be closed with this code."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The client has closed with this code, or answered our close."""

    code: int


SocketEvent = Text | Reply | Silent | Close | Gone


class Framing:
    """Reads one client's stream; keeps at most `bytes_max` of a message."""

    def __init__(self, *, bytes_max: int) -> None:
        self._connection = Connection(ConnectionType.SERVER)
        self._bytes_max = bytes_max
        self._parts: list[str] = []
        self._size = 0
        self._deaf = False

    def receive(self, data: bytes) -> Iterator[SocketEvent]:
        """What `data` brought; after a Close or Gone nothing more.

        Read as far as it is asked for: the caller may pause between two frames. Each frame of the
        client is one event.
        """
        if self._deaf:
            return
        try:
            self._connection.receive_data(data)
            for raw in self._connection.events():
                event = self._event(raw)
                if event is None:
                    continue
                self._deaf = isinstance(event, Close | Gone)
                yield event
                if self._deaf:
                    return
        except LocalProtocolError:
            self._deaf = True
            yield Close(CloseReason.PROTOCOL_ERROR, "protocol")

    def _event(self, raw: object) -> SocketEvent | None:
        if isinstance(raw, TextMessage):
            return self._text(raw)
        if isinstance(raw, Ping):
            return Reply(bytes(self._connection.send(raw.response())))
        if isinstance(raw, BytesMessage):
            return Close(CloseCode.MALFORMED, "binary")
        if isinstance(raw, CloseConnection):
            return self._close(raw)
        if isinstance(raw, Pong):
            return Silent()
        return Close(CloseReason.PROTOCOL_ERROR, "protocol")

    def _text(self, raw: TextMessage) -> SocketEvent | None:
        # Characters are fewer than bytes: the cheap bound first, then the true one.
        self._size += len(raw.data)
        if self._size > self._bytes_max:
            return Close(CloseCode.OVERSIZE, "too large")
        if not self._parts and raw.message_finished:
            text, self._size = raw.data, 0
        else:
            if raw.data:  # empty parts have no size, and would be kept without a bound
                self._parts.append(raw.data)
            if not raw.message_finished:
                return Silent() if raw.frame_finished else None
            text = "".join(self._parts)
            self._parts, self._size = [], 0
        if not text.isascii() and len(text.encode()) > self._bytes_max:
            return Close(CloseCode.OVERSIZE, "too large")
        return Text(text)

    def _close(self, raw: CloseConnection) -> SocketEvent:
        if self._connection.state is ConnectionState.OPEN:
            # Not a close of the client's: wsproto tells a broken stream this way, 1007 included.
            return Close(raw.code, "protocol")
        return Gone(raw.code)
