"""Receipts are logged as one whole line each, and never wait for the reader."""

import json
import os
import select
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from app.observability.receipts import ReceiptLines
from app.web.receipts import flush
from tests.waiting import wait_until

PIPE_BYTES = 64 * 1024


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A reading and a writing end."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def opened(bytes_max: int = 10 * PIPE_BYTES) -> ReceiptLines:
    lines = ReceiptLines()
    lines.open(bytes_max=bytes_max)
    return lines


def add(lines: ReceiptLines, *offsets: int) -> None:
    for offset in offsets:
        lines.add(
            bid_id="b", bidder_id=5, auction_id=7, partition=3, offset=offset, log_time="t"
        )  # fmt: skip


def read(descriptor: int, size: int = 2 * PIPE_BYTES) -> list[dict[str, Any]]:
    return [json.loads(line) for line in os.read(descriptor, size).splitlines()]


def test_each_receipt_is_logged_with_its_offset_not_its_amount(
    pipe: tuple[int, int],
) -> None:
    lines = opened()
    add(lines, *range(100))
    flush(lines, pipe[1])
    flush(lines, pipe[1])
    found = read(pipe[0])
    assert [line["offset"] for line in found] == list(range(100))
    assert found[0] == {
        "stream": "receipts", "event": "receipt", "bid_id": "b", "bidder_id": 5, "auction_id": 7,
        "topic": "auction-bid", "partition": 3, "offset": 0, "log_time": "t",
    }  # fmt: skip


def test_no_receipt_is_kept_when_receipts_are_off(pipe: tuple[int, int]) -> None:
    lines = ReceiptLines()
    add(lines, 1)
    assert lines.drain() == []


def test_a_full_log_pipe_drops_lines_and_counts_them(
    pipe: tuple[int, int],
) -> None:
    lines = opened(PIPE_BYTES)
    os.write(pipe[1], b"\n" * PIPE_BYTES)  # full
    add(lines, 0)
    writer = gevent.spawn(flush, lines, pipe[1])
    gevent.sleep(0.05)
    assert not writer.ready(), "it waits, and this went on"
    add(lines, *range(1, 1_000))
    os.read(pipe[0], PIPE_BYTES)
    writer.join()
    assert [line["offset"] for line in read(pipe[0])] == [0]
    taken = [json.loads(line) for line in lines.drain()]
    last_line = taken.pop()
    assert last_line == {"stream": "receipts", "event": "receipts_lost", "lines": 999 - len(taken)}
    assert [line["offset"] for line in taken] == list(range(1, len(taken) + 1))
    assert 0 < len(taken) < 999


def test_receipts_are_dropped_when_their_reader_is_gone(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    writable = select.poll()
    writable.register(pipe[1], select.POLLERR)
    # A process that another thread is about to start has both ends for a moment, too.
    wait_until(lambda: writable.poll(0), what="nobody has the reading end")
    lines = opened()
    add(lines, 1, 2)
    flush(lines, pipe[1])
    assert [json.loads(line)["lines"] for line in lines.drain()] == [2]
