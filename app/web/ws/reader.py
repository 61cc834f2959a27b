"""Reads one socket, frame by frame, in a greenlet of its own.

What comes is handled in turn: between turns the loop polls its sockets, so that acknowledgements
and outcomes do not wait for all clients that have sent something.
"""

from collections.abc import Callable

import gevent
import structlog

from app.protocol.problems import CloseCode
from app.web.turns import LOOP_TURNS, Turns
from app.web.ws.connection import CLOSING, FLOODED, READY, Connection
from app.web.ws.framing import Close, Framing, PeerClosed, Reply, SocketEvent, Text
from app.web.ws.rate import HOLD_S, RateDecision

log = structlog.get_logger()

READ = 1  # gevent's word for readable
READ_BYTES = 16 * 1024

OnMessage = Callable[[Connection, str], None]
Admit = Callable[[Connection, str], bool]


class Reader:
    """Reads a connection until its end."""

    __slots__ = (
        "_admit", "_clock", "_connection", "_framing", "_guest_turns", "_has_turn", "_on_message",
        "_rate", "_readable", "_sock", "_traffic",
    )  # fmt: skip

    def __init__(
        self, connection: Connection, *, guest_turns: Turns, on_message: OnMessage, admit: Admit
    ) -> None:
        """Every message is given to `on_message`, which must not wait. A user's message that has
        to wait for its turn is given to `admit` as soon as it has come: if that returns True
        nothing is left to be done, else it is given to `on_message` in turn.

        `guest_turns` is shared by all sockets of the process without a signed-in user.
        """
        self._connection, self._on_message, self._admit = connection, on_message, admit
        self._guest_turns = guest_turns
        self._sock, self._clock = connection.sock, connection.clock
        self._rate, self._traffic = connection.rate, connection.traffic
        self._readable = gevent.get_hub().loop.io(connection.sock.fileno(), READ)
        self._framing = Framing(bytes_max=connection.limits.frame_bytes_max)
        self._has_turn = False  # what came last

    def run(self) -> None:
        """Read until the end, then close the socket. Never raises an Exception."""
        try:
            self._read()
        except OSError:
            log.debug("socket_lost", connection_id=self._connection.id)
        except Exception:
            log.exception("socket_failed", connection_id=self._connection.id)
            self._connection.close(CloseCode.SERVER_ERROR, "server error")
        finally:
            self._readable.close()
            self._connection.closed()

    def _read(self) -> None:
        connection = self._connection
        while data := self._receive():
            connection.received_at = received_at = self._clock()
            self._has_turn = False
            self._rate.add_bytes(len(data), received_at)
            if connection.state is FLOODED:
                self._wait_turn()
                gevent.sleep(HOLD_S)
                continue
            text = None if connection.state >= CLOSING else self._framing.whole_text(data)
            if text is not None:
                self._on_text(text)
                self._hold()
            elif not self._handle_all(data):
                return

    def _handle_all(self, data: bytes) -> bool:
        """Handle every frame in `data`; return False after the last one of the connection."""
        for event in self._framing.receive(data):
            if isinstance(event, PeerClosed):
                self._connection.closed_by_client(event.code)
                return False
            if not self._on_event(event):
                break
            self._hold()
        return True

    def _receive(self) -> bytes:
        """Return the next bytes, empty at the end.

        Wait first, because mostly nothing has arrived yet, and a read would fail.
        """
        gevent.get_hub().wait(self._readable)
        data: bytes = self._sock.recv(READ_BYTES)
        return data

    def _wait_turn(self) -> None:
        """Return when it is this socket's turn, which is for all that has come together.

        A client that sends without end does not block others. Guests take turns among themselves,
        so that their number does not delay bids.
        """
        if not self._has_turn:
            connection = self._connection
            (self._guest_turns if connection.identity is None else LOOP_TURNS).wait()
            self._has_turn = True
            connection.waited_s = self._clock() - connection.received_at

    def _hold(self) -> None:
        hold_s = self._rate.hold_s()
        if hold_s:
            gevent.sleep(hold_s)

    def _on_event(self, event: SocketEvent) -> bool:
        """Handle one frame; return False when the rest need not be read."""
        connection = self._connection
        if isinstance(event, Text) and connection.state < CLOSING:
            self._on_text(event.data)
            return True
        self._wait_turn()
        if connection.state >= CLOSING:  # only the answer to our close is waited for
            if self._rate.check(self._clock()) is not RateDecision.PASS:
                connection.set_flooded()
        elif isinstance(event, Close):
            self._refuse(event)
        elif connection.is_in_rate() and isinstance(event, Reply):
            connection.pong(event.data)
        return connection.state is not FLOODED

    def _on_text(self, text: str) -> None:
        connection = self._connection
        self._traffic.frames_in += 1
        if connection.state > READY:
            return
        if (
            not self._has_turn
            and connection.identity is not None
            and not LOOP_TURNS.is_free
            and self._admit(connection, text)
        ):
            return
        self._wait_turn()
        if connection.state <= READY:
            self._on_message(connection, text)

    def _refuse(self, event: Close) -> None:
        if event.code == CloseCode.MALFORMED and self._connection.is_silent:
            self._connection.close(CloseCode.UNAUTHENTICATED, "auth first")
        else:
            self._connection.close(event.code, event.reason)
