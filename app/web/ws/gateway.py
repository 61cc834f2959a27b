"""The gateway of one process: handshake, sockets, the greenlets that serve them all, the drain."""

import random
from collections.abc import Callable

import gevent
import structlog
from gevent import socket

from app.domain.errors import DomainError
from app.observability.metrics import GREENLETS
from app.protocol.channels import AUCTION
from app.protocol.problems import CloseCode
from app.protocol.pushes import Bye
from app.web.turns import Turns
from app.web.ws.connection import Connection
from app.web.ws.dispatch import Dispatcher
from app.web.ws.feeds import encode
from app.web.ws.framing import text_frame
from app.web.ws.hub import Hub
from app.web.ws.listener import Listener
from app.web.ws.presence import Presence
from app.web.ws.reader import Reader
from app.web.ws.recovery import Recovery
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices
from app.web.ws.subscribing import Subscribing
from app.web.ws.traffic import count_end

log = structlog.get_logger()

TICK_S = 1.0
EXPECTED_MAX = 10_000  # subscriptions whose bids are expected: looking at them takes 7 ms
GUESTS_PER_TURN = 1  # of the loop: what they send takes a tenth of a millisecond
FLUSH_S = 3.0  # for frames that wait for a store or their acknowledgement while we drain
DRAIN_CLOSE_S = 2.0
DRAIN_POLL_S = 0.05
RETRY_SPREAD_MS = 5_000  # so that a drained gateway's clients do not all come at once


class Gateway:
    """All sockets of one process. Created before the fork, started after it."""

    def __init__(self, services: GatewayServices) -> None:
        self._services = services
        self._limits, self._clock = services.limits, services.clock
        self._registry = Registry(services.clock)
        self.hub = Hub(services, self._registry)
        self._recovery = Recovery(services, self.hub)
        self._listener = Listener(
            services.fanout, self.hub, recovery=self._recovery, clock=services.clock
        )
        self._presence = Presence(self._registry, services.shared_sockets)
        self._guest_turns = Turns(at_once=GUESTS_PER_TURN)
        subscribing = Subscribing(
            services, self._registry, stream=self._listener, online=self._presence
        )
        self._dispatcher = Dispatcher(services, self._registry, subscribing)
        services.waits.expect_user = subscribing.expect_bidder
        self._is_started = False

    @property
    def is_draining(self) -> bool:
        """Whether the process is about to end: another socket must be refused."""
        return self._registry.is_draining

    @property
    def is_full(self) -> bool:
        """Whether another socket must be refused."""
        return len(self._registry.connections) >= self._limits.sockets_per_gateway_max

    def has_too_many_guests(self, address_group: str) -> bool:
        """Whether the address may open no more sockets without signing in."""
        guests = self._registry.guests_of(address_group)
        return guests >= self._limits.guest_sockets_per_address_max

    @property
    def is_listening(self) -> bool:
        """Whether this process is subscribed to Redis."""
        return self._listener.subscribed.is_set()

    def start(self) -> None:
        """Begin to listen and to tick; idempotent, never before the fork."""
        if self._is_started:
            return
        self._is_started = True
        gevent.spawn(self._listener.run)
        self._every(TICK_S, self._tick)
        self._every(TICK_S, self._refresh_rights)
        self._every(1.0 / self._limits.prices_per_s_max, self.hub.prices.push)
        self._every(self._limits.presence_s, self._presence.round)
        self._every(self._limits.presence_s, self._recovery.send_overdue)
        self._every(self._limits.presence_s, self._listener.unsubscribe_unneeded)
        self._services.start_producers()

    def serve_soon(self, sock: socket.socket, address_group: str) -> None:
        """Serve a socket until its end, then close it, in a greenlet of its own.

        The request of its handshake ends meanwhile: with its stack, its environment and Flask's
        contexts a socket would take three times the memory. The socket counts for `address_group`
        until a user signs in on it.
        """
        self.start()
        connection = Connection(
            sock,
            limits=self._limits,
            clock=self._clock,
            traffic=self._registry.traffic,
        )
        reader = Reader(
            connection,
            guest_turns=self._guest_turns,
            on_message=self._dispatcher.handle,
            admit=self._dispatcher.admission.admit,
        )
        self._registry.add(connection, address_group)
        gevent.spawn(self._serve, connection, reader)
        if self.is_draining:  # it began during the handshake
            connection.close(CloseCode.DRAIN, "drain")

    def _serve(self, connection: Connection, reader: Reader) -> None:
        with GREENLETS.track_inprogress():
            try:
                reader.run()
            finally:
                self._dispatcher.authentication.closed(connection)
                count_end(connection.end)

    def drain(self) -> None:
        """Send `bye` to all, answer what was received, close; takes at most FLUSH_S and
        DRAIN_CLOSE_S.

        Messages after `bye` are ignored: otherwise there would always be one more bid whose receipt
        the close overtakes.
        """
        self._registry.is_draining = True
        connections = list(self._registry.connections)
        log.info("drain", sockets=len(connections))
        for connection in connections:
            after_ms = random.randint(100, RETRY_SPREAD_MS)  # noqa: S311 - only spreads load
            bye = Bye(code=CloseCode.DRAIN, retry_after_ms=after_ms)
            connection.push(text_frame(encode(bye)))
            connection.drain()
        deadline = self._clock() + FLUSH_S
        while any(len(c.queues) for c in connections) and self._clock() < deadline:
            gevent.sleep(DRAIN_POLL_S)
        self._services.flush_producers(max(0.0, deadline - self._clock()))
        for connection in connections:
            connection.close(CloseCode.DRAIN, "drain")
        deadline = self._clock() + DRAIN_CLOSE_S
        while self._registry.connections and self._clock() < deadline:
            gevent.sleep(DRAIN_POLL_S)

    def _tick(self) -> None:
        now, epoch_s = self._clock(), self._services.wall_clock()
        for connection in list(self._registry.connections):
            connection.tick(now, epoch_s)
        self._registry.traffic.publish(self._registry.connections)

    def _refresh_rights(self) -> None:
        bidding = self._services.bidding
        # All who watch an auction may bid in the same second: when it opens, or just before its end
        bidding.expect_bids(self._registry.users_at(AUCTION, EXPECTED_MAX))
        bidding.rights.refresh()

    @staticmethod
    def _every(period_s: float, act: Callable[[], None]) -> None:
        def loop() -> None:
            while True:
                gevent.sleep(period_s)
                try:
                    act()
                except DomainError as error:
                    log.warning("round_failed", code=error.code)
                except Exception:
                    log.exception("round_failed")

        gevent.spawn(loop)
