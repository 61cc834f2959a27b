"""Waiting for PostgreSQL without holding up the other greenlets, and never for ever.

libpq's own limits do not help: in this mode it obeys no `connect_timeout`, and a server that is
frozen still acknowledges what TCP sends it.
"""

import select
from typing import Any

from gevent.monkey import get_original
from gevent.socket import wait_read, wait_write
from psycopg2 import OperationalError, extensions

from app.adapters.postgres.engine import NoAnswerError


def install_waits(timeout_s: float) -> None:
    """Let every connection of this process wait by gevent, at most `timeout_s` for each answer."""

    def wait(connection: Any) -> None:  # noqa: ANN401 - the driver's, which has no types
        try:
            _wait_for_answer(connection, timeout_s)
        except TimeoutError as error:
            # After a delay of the loop itself, the answer may have arrived.
            if connection.poll() != extensions.POLL_OK:
                raise NoAnswerError("no answer in time") from error

    extensions.set_wait_callback(wait)


def _wait_for_answer(connection: Any, timeout_s: float) -> None:  # noqa: ANN401 - as above
    """Let other greenlets run until the answer is there; TimeoutError after `timeout_s` of silence.

    As psycogreen does it, which is published as source alone: that would run when it is installed.
    """
    while (state := connection.poll()) != extensions.POLL_OK:
        if state == extensions.POLL_READ:
            wait_read(connection.fileno(), timeout=timeout_s)
        elif state == extensions.POLL_WRITE:
            wait_write(connection.fileno(), timeout=timeout_s)
        else:
            raise OperationalError(f"the driver is in an unknown state: {state}")


def is_silent(descriptor: int) -> bool:
    """Return whether nothing has arrived on this socket, neither data nor its end; asks only the
    kernel."""
    poll = get_original("select", "poll")()  # gevent's own would wait for a turn of the loop
    poll.register(descriptor, select.POLLIN)
    return not poll.poll(0)
