"""Writes the lines of receipts to standard output, where a slow reader holds up no greenlet."""

import os
import select
import sys
from collections.abc import Iterator, Sequence

import gevent

from app.observability.receipts import ReceiptLines

PERIOD_S = 0.05  # what a killed process loses of them; a batch costs 0.1 ms, a line much less
LAST_WAIT_S = 1.0  # for the reader, when the process ends


def write_receipts(lines: ReceiptLines) -> None:
    """Write what comes, for ever; to be spawned once in a process."""
    while True:
        gevent.sleep(PERIOD_S)
        flush(lines)


def flush_last(lines: ReceiptLines) -> None:
    """Write the remaining lines when the process ends, if standard output is read."""
    with gevent.Timeout(LAST_WAIT_S, False):  # type: ignore[arg-type]  # noqa: FBT003 - no raise
        flush(lines)


def flush(lines: ReceiptLines, descriptor: int | None = None) -> None:
    """Write the waiting lines to `output`, by default standard output, and wait until that is done.

    A thread waits for the reader, so that other greenlets run meanwhile.
    """
    lines_waiting = lines.drain()
    if lines_waiting:
        target = sys.stdout.fileno() if descriptor is None else descriptor
        unwritten = gevent.get_hub().threadpool.apply(_write, (target, lines_waiting))
        if unwritten:
            lines.count_lost(unwritten)


def _write(descriptor: int, lines: Sequence[str]) -> int:
    """Write whole lines, so many at a time as a pipe takes at once: two processes may share it.

    Return how many could not be written because the reader is gone.
    """
    left = len(lines)
    try:
        for chunk, count in _chunks(lines):
            os.write(descriptor, chunk)
            left -= count
    except OSError:
        return left
    return 0


def _chunks(lines: Sequence[str]) -> Iterator[tuple[bytes, int]]:
    chunk, count = b"", 0
    for line in lines:
        encoded = line.encode()
        if len(chunk) + len(encoded) > select.PIPE_BUF and chunk:
            yield chunk, count
            chunk, count = b"", 0
        chunk, count = chunk + encoded, count + 1
    yield chunk, count
