"""Reads whole requests from one connection, within limits of time and size.

The body is read before the application sees the request. So a body that is too long, broken, cut
short or slow is refused however it is sent, and nothing of it is obeyed.
"""

import time
from collections.abc import Iterator
from io import BytesIO

import gevent
from gevent import socket
from gunicorn.config import Config
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader, Unreader

from app.settings import Limits
from app.web.server.errors import (
    BodyEndedError,
    BodyTooLargeError,
    NoHostError,
    RequestTimeoutError,
)

# A chunk costs a size line and copies of what follows it: many tiny ones cost more than their body.
CHUNKS_MAX = 4_096
# Beyond the body itself: size lines, extensions, trailers.
FRAMING_BYTES_MAX = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Peer = tuple[str, int]


class BoundedUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn has no types
    """Receives until `deadline` at most, and no more bytes than `allow` permits."""

    sock: socket.socket

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.deadline = 0.0  # monotonic seconds
        self.has_received = False
        self._bytes_left = 0
        self._limit_error: Exception = BodyTooLargeError()

    def allow(self, bytes_max: int, *, limit_error: Exception) -> None:
        """Receive at most so many bytes from now on, then raise `limit_error`."""
        self._bytes_left, self._limit_error = bytes_max, limit_error

    @property
    def is_empty(self) -> bool:
        """Whether nothing that was received waits to be read."""
        return not self.buf.getbuffer().nbytes

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes. Raise RequestTimeoutError, or the error given to `allow`."""
        if self._bytes_left <= 0:
            raise self._limit_error
        # While bytes keep coming recv() never waits: other clients would get no turn.
        gevent.sleep(0)
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise RequestTimeoutError("the request did not arrive in time")
        self.sock.settimeout(left_s)
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError as error:
            raise RequestTimeoutError("the request did not arrive in time") from error
        finally:
            self.sock.settimeout(None)
        self.has_received = self.has_received or bool(data)
        self._bytes_left -= len(data)
        return data


class BoundedChunkedReader(ChunkedReader):  # type: ignore[misc]  # gunicorn has no types
    """Refuses a body of more than CHUNKS_MAX chunks."""

    def __init__(self, request: Request, unreader: Unreader) -> None:
        super().__init__(request, unreader)
        self._chunks_left = CHUNKS_MAX

    def parse_chunk_size(
        self, unreader: Unreader, data: bytes | None = None
    ) -> tuple[int, bytes | None]:
        """Return the size of the next chunk and the bytes after it. Raise BodyTooLargeError."""
        if self._chunks_left == 0:
            raise BodyTooLargeError(f"the body has more than {CHUNKS_MAX} chunks")
        self._chunks_left -= 1
        found: tuple[int, bytes | None] = super().parse_chunk_size(unreader, data)
        return found


class EdgeRequest(Request):  # type: ignore[misc]  # gunicorn has no types
    """A request whose chunks are counted."""

    body: Body

    def set_body_reader(self) -> None:
        """Choose how the body is read, as its headers say."""
        super().set_body_reader()
        if isinstance(self.body.reader, ChunkedReader):
            self.body = Body(BoundedChunkedReader(self, self.unreader))


class EdgeParser(RequestParser):  # type: ignore[misc]  # gunicorn has no types
    """Requests of one connection, one after the other."""

    mesg_class = EdgeRequest

    def __init__(self, config: Config, sock: socket.socket, peer: Peer) -> None:
        super().__init__(config, sock, peer)
        self.unreader = BoundedUnreader(sock)


class RequestReader:
    """Reads the requests of one connection: `wait`, `read_head`, `read_body`, and again."""

    def __init__(self, config: Config, sock: socket.socket, peer: Peer, limits: Limits) -> None:
        self._sock, self._limits = sock, limits
        self._parser = EdgeParser(config, sock, peer)
        self._unreader = self._parser.unreader
        self._request: Request | None = None

    @property
    def has_begun(self) -> bool:
        """Whether any byte of the request that is being read has come."""
        return self._unreader.has_received or not self._unreader.is_empty

    @property
    def target(self) -> str:
        """The path of the request that is being read; empty when its head was not understood."""
        return "" if self._request is None else str(self._request.path)

    def wait(self, timeout_s: float) -> bool:
        """Wait until the next request begins; False when none does in time, or ever."""
        if not self._unreader.is_empty:
            return True
        self._sock.settimeout(timeout_s)
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            return False
        finally:
            self._sock.settimeout(None)

    def read_head(self) -> Request | None:
        """Return the next request without its body; None when the client has closed.

        Head and body together may take `request_timeout_s` from now. Raises EdgeError, and
        gunicorn's ParseException and NoMoreData.
        """
        limits = self._limits
        self._request = None
        self._unreader.has_received = False
        self._unreader.deadline = time.monotonic() + limits.request_timeout_s
        limit_error = LimitRequestHeaders(f"the head is over {limits.head_bytes_max} bytes")
        self._unreader.allow(limits.head_bytes_max, limit_error=limit_error)
        self._request = request = next(self._parser, None)
        if request is not None and request.version >= (1, 1) and not _has(request, "HOST"):
            raise NoHostError("the request names no Host")
        return request

    def read_body(self, request: Request) -> None:
        """Read the body whole. Raises as `read_head` does; BodyTooLargeError above the limit."""
        bytes_max = self._limits.body_bytes_max
        reader = request.body.reader
        length = reader.length if isinstance(reader, LengthReader) else None
        limit_error = BodyTooLargeError(f"the body is over {bytes_max} bytes")
        if length is not None and length > bytes_max:
            raise limit_error
        self._unreader.allow(bytes_max + FRAMING_BYTES_MAX, limit_error=limit_error)
        if request._expected_100_continue and length != 0:  # noqa: SLF001 - gunicorn has no other name for it
            self._sock.sendall(CONTINUE)
        request._expected_100_continue = False  # noqa: SLF001 - else gunicorn says it again
        body = self._received(request, bytes_max + 1)
        if len(body) > bytes_max:
            raise limit_error
        if length is not None and len(body) < length:
            raise BodyEndedError(f"the body ended after {len(body)} of {length} bytes")
        request.body = BytesIO(body)

    @staticmethod
    def _received(request: Request, bytes_max: int) -> bytes:
        try:
            body: bytes = request.body.read(bytes_max)
        except NoMoreData as error:
            raise BodyEndedError("the body ended before its last chunk") from error
        return body


def _has(request: Request, name: str) -> bool:
    return any(header == name for header, _ in request.headers)


def drain(sock: socket.socket, *, seconds: float, bytes_max: int) -> None:
    """Read and forget what the client still sends, so that it reads our answer before a reset."""
    for received in _pieces(sock, deadline=time.monotonic() + seconds):
        bytes_max -= received
        if bytes_max <= 0:
            return


def _pieces(sock: socket.socket, *, deadline: float) -> Iterator[int]:
    try:
        while (left_s := deadline - time.monotonic()) > 0:
            gevent.sleep(0)
            sock.settimeout(left_s)
            received = len(sock.recv(16 * 1024))
            if not received:
                return
            yield received
    except OSError:
        return
