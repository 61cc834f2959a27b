"""gunicorn's gevent worker, with this house's way of reading a request.

It differs from its parent in what outsiders may do to it: requests are read whole, within limits
of time and size, before the application sees them; refusals are problem documents; an address may
hold and ask only so much; and between two requests of a connection others have their turn. HTTP/2
and TLS are left to the proxy in front.
"""

import time
from contextlib import nullcontext

import gevent
import structlog
from gevent import socket
from gunicorn import util
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.message import Request
from gunicorn.workers.ggevent import GeventWorker

from app.observability.metrics import GREENLETS
from app.settings import read_settings
from app.web.addresses import FORWARDED_FOR, address_group, client_address, is_trusted
from app.web.server.errors import EdgeError, RequestTimeoutError, code_of
from app.web.server.quotas import Occupancy, RateLimit
from app.web.server.reading import Peer, RequestReader
from app.web.server.refusing import refuse
from app.web.turns import Turns

log = structlog.get_logger()

_FORWARDED_FOR = FORWARDED_FOR.upper()  # as gunicorn names headers


class EdgeWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gateway process."""

    def init_process(self) -> None:
        """Run the worker; returns at its end."""
        self._settings = read_settings()
        limits = self._settings.limits
        self._unfinished = Occupancy(
            per_group_max=limits.unfinished_requests_per_address_max,
            total_max=limits.unfinished_requests_max,
        )
        self._idle = Occupancy(
            per_group_max=limits.idle_connections_per_address_max,
            total_max=limits.idle_connections_max,
        )
        self._rate_limit = RateLimit(
            per_s=limits.requests_per_s_per_address, burst=limits.requests_burst_per_address
        )
        self._turns = Turns(at_once=limits.requests_per_turn_max)
        self._guest_turns = Turns(at_once=1, rest_s=1 / limits.guest_requests_per_s_max)
        self._last: list[gevent.Greenlet[..., None]] = []
        super().init_process()

    def end_after(self, last: "gevent.Greenlet[..., None]") -> None:
        """Let the process live until this greenlet has ended, or `graceful_timeout` is over."""
        self._last.append(last)

    def run(self) -> None:
        """Accept connections until the worker ends, and wait for what must end first."""
        super().run()
        gevent.joinall(self._last, timeout=self.cfg.graceful_timeout)

    def handle(self, listener: socket.socket, client: socket.socket, addr: Peer) -> None:
        """Serve one connection until its end."""
        with GREENLETS.track_inprogress():
            self._handle(listener, client, addr)

    def _handle(self, listener: socket.socket, client: socket.socket, addr: Peer) -> None:
        client.settimeout(None)
        reader = RequestReader(self.cfg, client, addr, self._settings.limits)
        try:
            self._serve(listener.getsockname(), client, addr, reader)
        except StopIteration:
            pass  # gunicorn's way to say that the connection is over
        except (NoMoreData, EdgeError, ParseException) as error:
            self._refuse(client, error, reader, addr)
        except OSError as error:
            log.debug("connection_lost", error=type(error).__name__)
        except Exception as error:
            log.exception("request_failed", path=reader.target)
            self._refuse(client, error, reader, addr)
        finally:
            util.close(client)

    def _serve(
        self, listener_name: object, sock: socket.socket, peer: Peer, reader: RequestReader
    ) -> None:
        while True:
            found = self._read(peer, reader)
            if found is None:
                return
            request, group = found
            if self._idle.is_full(group):
                request.force_close()
            self.handle_request(listener_name, request, sock, peer)
            if self._idle.is_full(group):
                return
            with self._idle.hold(group):
                if not reader.wait(self.cfg.keepalive):
                    return

    def _read(self, peer: Peer, reader: RequestReader) -> tuple[Request, str | None] | None:
        """Return the next request, whole, once it is its client's turn; and its address group.

        Return None when the client has closed.
        """
        proxies = self._settings.trusted_proxies
        peer_group = None if proxies else self._group(_host(peer))
        with self._unfinished.hold(peer_group):
            request = reader.read_head()
            if request is None:
                return None
            forwarded_for = ",".join(v for name, v in request.headers if name == _FORWARDED_FOR)
            address = client_address(_host(peer), forwarded_for, trusted_proxies=proxies)
            group = self._group(address)
            with self._unfinished.hold(group) if proxies else nullcontext():
                reader.read_body(request)
                self._wait_turn(group, request)
        return request, group

    def _group(self, address: str) -> str | None:
        """Return the address group of limits; None when the address is exempt."""
        is_exempt = is_trusted(address, self._settings)
        return None if is_exempt else address_group(address)

    def _wait_turn(self, group: str | None, request: Request) -> None:
        """Return when it is the turn of the address, and then that of the request."""
        if group is not None and (delay_s := self._rate_limit.delay_s(group, time.monotonic())):
            gevent.sleep(delay_s)
        if group is None or any(name == "AUTHORIZATION" for name, _ in request.headers):
            self._turns.wait()
        else:
            self._guest_turns.wait()

    def _refuse(
        self, sock: socket.socket, error: Exception, reader: RequestReader, peer: Peer
    ) -> None:
        code = code_of(error)
        if isinstance(error, RequestTimeoutError | NoMoreData) and not reader.has_begun:
            return  # no request was sent
        log.debug("request_refused", code=code, peer=_host(peer))
        try:
            refuse(sock, code, _detail(code, error), target=reader.target)
        except OSError:
            log.debug("refusal_lost", code=code)


def _host(peer: Peer | str) -> str:
    """The address of a peer; empty for one on a Unix socket."""
    return peer[0] if peer else ""


def _detail(code: str, error: Exception) -> str:
    return "the request could not be answered" if code == "INTERNAL" else str(error)
