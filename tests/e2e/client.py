"""A client of the sockets, by a library that has nothing of ours: it also checks what we send."""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from socket import SO_RCVBUF, SOL_SOCKET
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from websocket import ABNF, WebSocket, WebSocketException, create_connection

from stack.slowness import Deadline
from tests.waiting import CALL_S, WAIT_S

T = TypeVar("T")
Frame = dict[str, Any]

TURN_S = 1.0  # between two looks at the clock
NO_CLOSE_FRAME = 1006  # the close code of a stream that just ended


def connect(
    ws_url: str,
    *,
    origin: str | None,
    headers: Sequence[str] = (),
    receive_bytes: int | None = None,
    source: str | None = None,
) -> WebSocket:
    """The bare library's socket; WebSocketBadStatusException when the handshake is refused.

    `source` is the loopback address it comes from, when that matters.

    `receive_bytes` bounds what the system keeps for a reader that does not read.
    """
    return create_connection(
        ws_url,
        socket=None if source is None else _stream_from(source, ws_url),
        timeout=CALL_S,
        origin=origin,
        suppress_origin=origin is None,
        header=list(headers),
        enable_multithread=True,
        sockopt=[] if receive_bytes is None else [(SOL_SOCKET, SO_RCVBUF, receive_bytes)],
    )


def _stream_from(source: str, ws_url: str) -> socket.socket:
    address = urlsplit(ws_url)
    return socket.create_connection((address.hostname, address.port), CALL_S, (source, 0))


def close_code_of(ws: WebSocket) -> int:
    """Read what is still there, pings too, and answer nothing; the code of the close frame."""
    frame = ws.recv_frame()  # type: ignore[no-untyped-call]
    while frame.opcode != ABNF.OPCODE_CLOSE:
        frame = ws.recv_frame()  # type: ignore[no-untyped-call]
    ws.shutdown()  # type: ignore[no-untyped-call]
    return int.from_bytes(frame.data[:2], "big")


class Socket:
    """A socket that is read all the time, by a thread of its own; leave it by `with`.

    `frames` holds everything that came, oldest first, `pings` counts the pings that were answered;
    `close_code` is None while it is open.
    """

    def __init__(self, ws: WebSocket) -> None:
        self.frames: list[Frame] = []
        self.pings = 0
        self.close_code: int | None = None
        self._ws, self._frame_id = ws, 0
        self._came = threading.Condition()
        ws.settimeout(None)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def send(self, type_: str, **fields: Any) -> int:
        """Send a frame with the next id, which is returned."""
        frame_id = self.next_id()
        self.send_raw(json.dumps({"id": frame_id, "type": type_, **fields}))
        return frame_id

    def next_id(self) -> int:
        """The id that the next frame must have, used up; for frames sent by `send_raw`."""
        self._frame_id += 1
        return self._frame_id

    def send_raw(self, data: str | bytes, opcode: int = ABNF.OPCODE_TEXT) -> None:
        """Send any message, good or bad."""
        self._ws.send(data, opcode)

    def request(self, type_: str, **fields: Any) -> Frame:
        """Send a frame and wait for its answer, an error or not."""
        return self.answer(self.send(type_, **fields))

    def answer(self, frame_id: int) -> Frame:
        """Wait for the answer to the frame of this id."""
        return self.wait_for(
            lambda: [frame for frame in list(self.frames) if frame.get("re") == frame_id],
            what=f"the answer to {frame_id}",
        )[0]

    def wait_for_end_or_answer(self, frame_id: int) -> Frame | None:
        """Wait for the answer to this frame; None when the socket ended without it."""
        found: list[Frame] = []

        def is_over() -> bool:
            found[:] = [frame for frame in self.frames if frame.get("re") == frame_id]
            return bool(found) or self.close_code is not None

        self.wait_for(is_over, what=f"the answer to {frame_id}, or the end")
        return found[0] if found else None

    def pushes(self, type_: str, **fields: Any) -> list[Frame]:
        """The pushes of this type that have come, oldest first, whose fields have these values."""
        wanted = {"type": type_, **fields}
        return [
            frame
            for frame in list(self.frames)
            if "re" not in frame and all(frame.get(name) == wanted[name] for name in wanted)
        ]

    def push(self, type_: str, **fields: Any) -> Frame:
        """Wait for such a push; the first of them."""
        return self.wait_for(lambda: self.pushes(type_, **fields), what=f"{type_} {fields}")[0]

    def wait_for(self, condition: Callable[[], T], *, what: str, timeout_s: float = WAIT_S) -> T:
        """Wait until a condition on what came is truthy, and give its value; fail naming `what`."""
        self._wait(lambda: bool(condition()) or self.close_code is not None, timeout_s)
        with self._came:
            found = condition()
        assert found, f"{what} did not come; closed: {self.close_code}; last: {self.frames[-5:]}"
        return found

    def wait_closed(self, timeout_s: float = WAIT_S) -> int:
        """Wait until the server has ended the socket; the code it gave, or NO_CLOSE_FRAME."""
        self._wait(lambda: self.close_code is not None, timeout_s)
        assert self.close_code is not None, f"still open; last: {self.frames[-5:]}"
        return self.close_code

    def close(self) -> None:
        """Say goodbye, and wait until the server has answered it."""
        if self.close_code is None:
            self._ws.send_close()
            self.wait_closed()
        self._reader.join(CALL_S)
        self._ws.shutdown()  # type: ignore[no-untyped-call]

    def _wait(self, is_over: Callable[[], bool], seconds: float) -> None:
        deadline, over = Deadline(seconds), False
        while not over and not deadline.passed():
            with self._came:
                over = self._came.wait_for(is_over, TURN_S)

    def _read(self) -> None:
        code = None
        while code is None:
            frame = None
            try:
                opcode, received = self._ws.recv_data_frame(control_frame=True)
            except (WebSocketException, OSError):
                code = NO_CLOSE_FRAME
            else:
                if opcode == ABNF.OPCODE_TEXT:
                    frame = json.loads(received.data)
                elif opcode == ABNF.OPCODE_PING:
                    self.pings += 1
                elif opcode == ABNF.OPCODE_CLOSE:
                    code = int.from_bytes(received.data[:2], "big")
            with self._came:
                if frame is not None:
                    self.frames.append(frame)
                self.close_code = code
                self._came.notify_all()
