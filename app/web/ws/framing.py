"""The protocol of one socket without any I/O: bytes in, events out; and frames as bytes.

Whole frames of the common kinds are read here: a text message in one frame, a ping, a pong.
Everything else is wsproto's: frames that come in pieces, messages in parts, binary ones, a close,
and whatever is wrong. What the client may not do is told as a `Close` with the code of wire.md;
after one nothing more is read.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason, FrameProtocol
from wsproto.utilities import LocalProtocolError

from app.protocol.problems import CloseCode

# A server's frames are not masked and keep no state between them: one encoder serves all.
_encoder = FrameProtocol(client=False, extensions=[])

PING = bytes(_encoder.ping(b""))

# The first byte of the frames that are read here: whole messages, without reserved bits.
_TEXT, _PING, _PONG = 0x81, 0x89, 0x8A
_COMMON: Final = frozenset((_TEXT, _PING, _PONG))
_MASKED: Final = 0x80
_SHORT_MAX, _MEDIUM, _MEDIUM_MAX = 125, 126, 0xFFFF  # sizes; _MEDIUM: it is in the next two bytes
_SHORT_HEADER, _MEDIUM_HEADER, _MASK = 2, 4, 4  # bytes
_RARE, _UNKNOWN = -1, -2  # instead of a size


def text_frame(payload: bytes) -> bytes:
    """One text frame of UTF-8 bytes, as every socket can be sent it."""
    size = len(payload)
    if size <= _SHORT_MAX:
        return b"\x81%c%b" % (size, payload)
    if size <= _MEDIUM_MAX:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return bytes(_encoder.close(code, reason))


class Text(Struct, frozen=True):  # made for every message: a dataclass takes five times as long
    """A whole message, as UTF-8 text."""

    data: str


class Reply(Struct, frozen=True):
    """Bytes that the protocol wants sent: a pong, or the answer to a close."""

    data: bytes


class NoReply(Struct, frozen=True):
    """A frame that is not answered: a pong, or a part of a message that is not whole."""


class Close(Struct, frozen=True):
    """The client must be closed with this code."""

    code: int
    reason: str


class PeerClosed(Struct, frozen=True):
    """The client has closed with this code, or answered our close."""

    code: int


SocketEvent = Text | Reply | NoReply | Close | PeerClosed


class Framing:
    """Reads one client's stream; keeps at most `bytes_max` of a message."""

    def __init__(self, *, bytes_max: int) -> None:
        self._connection: Connection | None = None  # few clients send what needs one
        self._bytes_max = bytes_max
        self._parts: list[str] = []
        self._size = 0
        self._is_over = False
        self._data, self._at = b"", 0  # what has come, and how far it is read
        self._begun = 0  # so many bytes are to come of a common frame of which wsproto has some
        self._is_uncommon = False  # wsproto reads everything from now on

    def whole_text(self, data: bytes) -> str | None:
        """Return the message when `data` is exactly one text frame, as most are. Otherwise return
        None, and nothing has been read."""
        if self._data or self._begun or self._is_uncommon or len(data) < _SHORT_HEADER:
            return None
        size, start = data[1] ^ _MASKED, _SHORT_HEADER
        if size == _MEDIUM:
            size, start = int.from_bytes(data[2:4]), _MEDIUM_HEADER
            if not _MEDIUM <= size <= self._bytes_max:
                return None
        elif size > min(_SHORT_MAX, self._bytes_max):
            return None
        if data[0] != _TEXT or len(data) != start + _MASK + size:
            return None
        try:
            return _unmask(data[start : start + _MASK], data[start + _MASK :]).decode()
        except UnicodeDecodeError:
            return None

    def receive(self, data: bytes) -> Iterator[SocketEvent]:
        """Yield the events in `data`; after a Close or PeerClosed nothing more.

        Reads lazily: the caller may pause between two frames. Each frame of the client is one
        event.
        """
        self._data, self._at = self._data[self._at :] + data, 0
        while self._at < len(self._data) and not self._is_over:
            event = None if self._begun or self._is_uncommon else self._read_common()
            if event is not None:
                yield event
                continue
            part = self._part_for_wsproto()
            if not part:  # some bytes of a header: more must come
                return
            yield from self._read_by_wsproto(part)
        if self._at == len(self._data):
            self._data, self._at = b"", 0

    def _read_common(self) -> SocketEvent | None:
        """The next frame, if it is a common one, whole and without a fault."""
        start, size = self._header()
        end = start + _MASK + size
        if size < 0 or end > len(self._data):
            return None
        payload = _unmask(self._data[start : start + _MASK], self._data[start + _MASK : end])
        kind = self._data[self._at]
        if kind == _TEXT:
            try:
                event: SocketEvent = Text(payload.decode())
            except UnicodeDecodeError:
                return None
        else:
            event = Reply(bytes(_encoder.pong(payload))) if kind == _PING else NoReply()
        self._at = end
        return event

    def _header(self) -> tuple[int, int]:
        """Where the mask of the next frame begins, and the size of its payload.

        The size is _RARE when wsproto must read the frame, _UNKNOWN when more must come first.
        """
        data, at = self._data, self._at
        start, kind = at + _SHORT_HEADER, data[at]
        if kind not in _COMMON:
            return start, _RARE
        if len(data) < start:
            return start, _UNKNOWN
        size, size_min = data[at + 1] ^ _MASKED, 0
        if size == _MEDIUM and kind == _TEXT:
            start, size_min = at + _MEDIUM_HEADER, _MEDIUM
            if len(data) < start:
                return start, _UNKNOWN
            size = int.from_bytes(data[at + 2 : start])
        elif size > _SHORT_MAX:
            return start, _RARE
        return start, size if size_min <= size <= self._bytes_max else _RARE

    def _part_for_wsproto(self) -> bytes:
        """Return the bytes wsproto reads next: the available bytes of a common frame, else
        everything."""
        if not (self._begun or self._is_uncommon):
            start, size = self._header()
            if size == _UNKNOWN:
                return b""
            end = start + _MASK + size
            self._is_uncommon = size == _RARE or end <= len(self._data)
            self._begun = 0 if self._is_uncommon else end - self._at
        count = len(self._data) - self._at
        if self._begun:
            count = min(count, self._begun)
            self._begun -= count
        part = self._data[self._at : self._at + count]
        self._at += count
        return part

    def _read_by_wsproto(self, part: bytes) -> Iterator[SocketEvent]:
        if self._connection is None:
            self._connection = Connection(ConnectionType.SERVER)
        try:
            self._connection.receive_data(part)
            for raw in self._connection.events():
                event = self._event(self._connection, raw)
                if event is None:
                    continue
                self._is_over = isinstance(event, Close | PeerClosed)
                yield event
                if self._is_over:
                    return
        except LocalProtocolError:
            self._is_over = True
            yield Close(CloseReason.PROTOCOL_ERROR, "protocol")

    def _event(self, connection: Connection, raw: object) -> SocketEvent | None:
        if isinstance(raw, TextMessage):
            return self._text(raw)
        if isinstance(raw, Ping):
            return Reply(bytes(connection.send(raw.response())))
        if isinstance(raw, BytesMessage):
            return Close(CloseCode.MALFORMED, "binary")
        if isinstance(raw, CloseConnection):
            return _close(connection, raw)
        if isinstance(raw, Pong):
            return NoReply()
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
                return NoReply() if raw.frame_finished else None
            text = "".join(self._parts)
            self._parts, self._size = [], 0
        if not text.isascii() and len(text.encode()) > self._bytes_max:
            return Close(CloseCode.OVERSIZE, "too large")
        return Text(text)


def _close(connection: Connection, raw: CloseConnection) -> SocketEvent:
    if connection.state is ConnectionState.OPEN:
        # Not a close of the client's: wsproto tells a broken stream this way, 1007 included.
        return Close(raw.code, "protocol")
    return PeerClosed(raw.code)


def _unmask(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    whole = (mask * (size // _MASK + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(size)
