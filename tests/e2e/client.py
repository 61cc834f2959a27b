"""A WebSocket of a test: a thread reads it, so that a test can wait for frames."""

import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from websocket import ABNF, WebSocket

from stack import websocket_client
from stack.slowness import Deadline
from stack.websocket_client import Client, ConnectionLostError, Frame
from tests.waiting import CALL_S, WAIT_S

T = TypeVar("T")
TURN_S = 1.0  # between two looks at the clock

connect = partial(websocket_client.connect, timeout_s=CALL_S)


def close_code_of(ws: WebSocket) -> int:
    """Read what is still there, pings too, and answer nothing; the code of the close frame."""
    frame = ws.recv_frame()  # type: ignore[no-untyped-call]
    while frame.opcode != ABNF.OPCODE_CLOSE:
        frame = ws.recv_frame()  # type: ignore[no-untyped-call]
    ws.shutdown()  # type: ignore[no-untyped-call]
    return int.from_bytes(frame.data[:2], "big")


class Socket:
    """A socket that is read all the time, by a thread of its own; leave it by `with`.

    `frames` holds everything that came, oldest first; `close_code` is None while it is open.
    """

    def __init__(self, ws: WebSocket) -> None:
        self.frames: list[Frame] = []
        self.close_code: int | None = None
        self._client = Client(ws)
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
        return self._client.send({"type": type_, **fields})

    def next_id(self) -> int:
        """The id that the next frame must have, used up; for frames sent by `send_raw`."""
        return self._client.next_id()

    def send_raw(self, data: str | bytes, opcode: int = ABNF.OPCODE_TEXT) -> None:
        """Send any message, good or bad."""
        self._client.send_raw(data, opcode)

    @property
    def pings(self) -> int:
        """How many pings were answered."""
        return self._client.pings

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
        """Return the received pushes of this type whose fields have these values, oldest first."""
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
        """Wait until a condition on the frames is truthy; return it, or fail naming `what`."""
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
            self._client.send_close()
            self.wait_closed()
        self._reader.join(CALL_S)
        self._client.abort()

    def _wait(self, is_over: Callable[[], bool], seconds: float) -> None:
        deadline, over = Deadline(seconds), False
        while not over and not deadline.passed():
            with self._came:
                over = self._came.wait_for(is_over, TURN_S)

    def _read(self) -> None:
        while self.close_code is None:
            frame, code = None, None
            try:
                frame = self._client.receive(TURN_S)
            except ConnectionLostError as lost:
                code = lost.code
            if frame is None and code is None:
                continue
            with self._came:
                if frame is not None:
                    self.frames.append(frame)
                self.close_code = code
                self._came.notify_all()
