"""The delay of a gateway's event loop: nothing in it is answered sooner."""

import time

import gevent

from app.observability.metrics import LOOP_DELAY

PERIOD_S = 0.1


def watch_loop() -> None:
    """Measure for ever; to be spawned once in a process."""
    while True:
        started_at = time.monotonic()
        gevent.sleep(PERIOD_S)
        LOOP_DELAY.observe(max(0.0, time.monotonic() - started_at - PERIOD_S))
