"""The end of a gunicorn worker: noticed at once, with a close frame to every socket."""

from typing import Protocol

import gevent

from app.observability.receipts import RECEIPTS
from app.web.receipts import flush_last
from app.web.ws.gateway import Gateway
from lanes.tracing import flush_tracing

NOTICE_S = 0.1


class Worker(Protocol):
    """The argument of gunicorn's `post_worker_init`."""

    alive: bool

    def end_after(self, last: "gevent.Greenlet[..., None]") -> None:
        """Let the process live until this greenlet has ended."""


def watch(gateway: Gateway, worker: Worker) -> None:
    """Start the gateway, and drain it when the worker ends.

    To be called after the fork, in `post_worker_init`. gunicorn itself does not know the sockets
    and would cut them without a close frame.
    """
    gateway.start()
    worker.end_after(gevent.spawn(_wait_and_drain, gateway, worker))


def _wait_and_drain(gateway: Gateway, worker: Worker) -> None:
    while worker.alive:
        gevent.sleep(NOTICE_S)
    gateway.drain()
    flush_last(RECEIPTS)
    flush_tracing()  # gunicorn kills a worker whose clients keep idle connections
