"""HTTP as bytes, valid and invalid: requests that no library sends, and their answers."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stack.ports import HOST
from tests.waiting import CALL_S


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The body of a refusal, which must be a problem document that agrees with the status."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        assert {"type", "title", "detail", "instance", "code"} <= found.keys()
        return found

    @property
    def code(self) -> tuple[int, str]:
        """Status and code of a refusal."""
        return self.status, self.problem["code"]


class RawConnection:
    """One connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._received = b""

    @classmethod
    @contextmanager
    def open(
        cls, port: int, *, source: str = HOST, timeout_s: float = CALL_S
    ) -> Iterator["RawConnection"]:
        """A connection from the loopback address `source`, closed when left."""
        with socket.create_connection((HOST, port), timeout_s, (source, 0)) as sock:
            yield cls(sock)

    def send(self, *pieces: bytes) -> "RawConnection":
        """Send bytes; a server that has already refused and closed is no fault."""
        try:
            for piece in pieces:
                self.sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def end(self) -> "RawConnection":
        """Send no more; answers are still read."""
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def trickle(self, piece: bytes, *, every_s: float, seconds: float) -> float:
        """Send `piece` again and again until the server answers; how long that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            self.send(piece)
            self.sock.settimeout(every_s)
            try:
                self.sock.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                continue
            finally:
                self.sock.settimeout(CALL_S)
            break
        return time.monotonic() - begun

    def answer(self) -> Answer:
        """Wait for the next response."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        status, *lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        body = self._exactly(int(headers.get("content-length", "0")))
        return Answer(int(status.split()[1]), headers, body)

    def is_closed(self) -> bool:
        """Whether the server has ended the connection; waits for that, or for a byte."""
        try:
            return not self._received and not self.sock.recv(1)
        except ConnectionResetError:
            return True

    def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            self._receive()
        found, _, self._received = self._received.partition(end)
        return found

    def _exactly(self, length: int) -> bytes:
        while len(self._received) < length:
            self._receive()
        found, self._received = self._received[:length], self._received[length:]
        return found

    def _receive(self) -> None:
        received = self.sock.recv(64 * 1024)
        assert received, f"ended after {self._received!r}"
        self._received += received


def head(method: str, path: str, *headers: str, host: str = HOST) -> bytes:
    """The head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode(
        "latin-1"
    )


def chunk(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)
