"""One WebSocket of a client, read and written by one thread."""

import json
import select

from websocket import ABNF, WebSocketException, create_connection

from stack.campaign.journal import Frame
from stack.campaign.people import Endpoint

TIMEOUT_S = 8.0
NO_CLOSE_FRAME = 1006  # the close code of a stream that just ended
UNAUTHENTICATED = 4401


class ConnectionLostError(Exception):
    """The socket has ended, or could not be opened; `code` as in wire.md."""

    def __init__(self, code: int, why: object = "") -> None:
        super().__init__(f"{code} {why}")
        self.code = code


class Client:
    """An open socket. All methods raise ConnectionLostError when it has ended."""

    def __init__(self, endpoint: Endpoint) -> None:
        try:
            self._ws = create_connection(
                endpoint.ws_url, timeout=TIMEOUT_S, origin=endpoint.base_url
            )
        except (WebSocketException, OSError) as error:
            raise ConnectionLostError(NO_CLOSE_FRAME, error) from error
        self._frame_id = 0

    def send(self, frame: Frame) -> int:
        """Send a frame with the next id, which is returned."""
        self._frame_id += 1
        try:
            self._ws.send(json.dumps({"id": self._frame_id, **frame}))
        except (WebSocketException, OSError) as error:
            raise ConnectionLostError(NO_CLOSE_FRAME, error) from error
        return self._frame_id

    def receive(self, wait_s: float) -> Frame | None:
        """The next frame, if one comes within `wait_s`; pings are answered meanwhile."""
        descriptor: int = self._ws.fileno()  # type: ignore[no-untyped-call]
        try:
            if not select.select([descriptor], [], [], wait_s)[0]:
                return None
            opcode, received = self._ws.recv_data_frame(control_frame=True)
        except (WebSocketException, OSError, ValueError) as error:
            raise ConnectionLostError(NO_CLOSE_FRAME, error) from error
        if opcode == ABNF.OPCODE_CLOSE:
            raise ConnectionLostError(int.from_bytes(received.data[:2], "big") or NO_CLOSE_FRAME)
        return json.loads(received.data) if opcode == ABNF.OPCODE_TEXT else None

    def close(self) -> None:
        """Leave without a word: the house must live with that, too."""
        self._ws.shutdown()  # type: ignore[no-untyped-call]
