"""The WebSocket of stack/client.py, by a library that the gateway does not use.

One thread reads; any may send.
"""

import json
import select
import socket
from collections.abc import Sequence
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any, Self
from urllib.parse import urlsplit

from websocket import ABNF, WebSocket, WebSocketException, create_connection

TIMEOUT_S = 8.0
NO_CLOSE_FRAME = 1006  # the close code of a stream that just ended
UNAUTHENTICATED = 4401

Frame = dict[str, Any]


class ConnectionLostError(OSError):
    """The socket has ended, or could not be opened; `code` as in wire.md."""

    def __init__(self, code: int, why: object = "") -> None:
        super().__init__(f"{code} {why}")
        self.code = code


def connect(
    ws_url: str,
    *,
    origin: str | None,
    headers: Sequence[str] = (),
    receive_bytes: int | None = None,
    source: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> WebSocket:
    """Return the bare library's socket. Raise WebSocketException or OSError when refused.

    `source` is the loopback address it comes from, when that matters.
    `receive_bytes` bounds what the system keeps for a reader that does not read.
    """
    return create_connection(
        ws_url,
        socket=None if source is None else _stream_from(source, ws_url, timeout_s),
        timeout=timeout_s,
        origin=origin,
        suppress_origin=origin is None,
        header=list(headers),
        enable_multithread=True,
        sockopt=[] if receive_bytes is None else [(SOL_SOCKET, SO_RCVBUF, receive_bytes)],
    )


def _stream_from(source: str, ws_url: str, timeout_s: float) -> socket.socket:
    address = urlsplit(ws_url)
    return socket.create_connection((address.hostname, address.port), timeout_s, (source, 0))


class Client:
    """An open socket, which is disconnected when left.

    Sending and receiving raise ConnectionLostError when it has ended.

    `pings` counts the pings that were answered.
    """

    def __init__(self, ws: WebSocket) -> None:
        self.pings = 0
        self._ws, self._frame_id = ws, 0

    @classmethod
    def open(cls, ws_url: str, *, origin: str, timeout_s: float = TIMEOUT_S) -> Self:
        """Connect as a page of `origin` does. Raise ConnectionLostError."""
        try:
            return cls(connect(ws_url, origin=origin, timeout_s=timeout_s))
        except (WebSocketException, OSError) as error:
            raise ConnectionLostError(NO_CLOSE_FRAME, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    def next_id(self) -> int:
        """Return the id that the next frame must have; for frames sent by `send_raw`."""
        self._frame_id += 1
        return self._frame_id

    def send(self, frame: Frame) -> int:
        """Send a frame with the next id, which is returned."""
        frame_id = self.next_id()
        self.send_raw(json.dumps({"id": frame_id, **frame}))
        return frame_id

    def send_raw(self, data: str | bytes, opcode: int = ABNF.OPCODE_TEXT) -> None:
        """Send any message, valid or not."""
        try:
            self._ws.send(data, opcode)
        except (WebSocketException, OSError) as error:
            raise ConnectionLostError(NO_CLOSE_FRAME, error) from error

    def receive(self, wait_s: float) -> Frame | None:
        """Return the next frame, if one comes within `wait_s`; pings are answered meanwhile."""
        descriptor: int = self._ws.fileno()  # type: ignore[no-untyped-call]
        try:
            if not select.select([descriptor], [], [], wait_s)[0]:
                return None
            opcode, received = self._ws.recv_data_frame(control_frame=True)
        except (WebSocketException, OSError, ValueError) as error:
            raise ConnectionLostError(NO_CLOSE_FRAME, error) from error
        if opcode == ABNF.OPCODE_CLOSE:
            raise ConnectionLostError(int.from_bytes(received.data[:2], "big") or NO_CLOSE_FRAME)
        if opcode == ABNF.OPCODE_PING:
            self.pings += 1
        return json.loads(received.data) if opcode == ABNF.OPCODE_TEXT else None

    def send_close(self) -> None:
        """Send a close frame; the gateway's answer ends `receive`."""
        self._ws.send_close()

    def abort(self) -> None:
        """Disconnect without a close frame: the gateway must live with that, too."""
        self._ws.shutdown()  # type: ignore[no-untyped-call]
