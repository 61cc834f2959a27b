"""Audits of a part, under load, and of a topic that is larger than the memory limit."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from app.adapters.postgres import schema
from bridge.audit import audit
from lanes.audit.ports import Scope
from stack import Stack
from stack.places import executable
from tests.containers import Container
from tests.integration.audit.conftest import WORKER, running
from tests.integration.audit.long_log import write
from tests.integration.audit.scenario import Lot, SettledScenario, bid, leave_waiting, new_lot
from tests.integration.audit.tampering import changed
from tests.waiting import wait_until

RECORDS = 20_000
# What the operating system counts for a child begins with what its parent had.
MEASURED = """
import re, sys
from pathlib import Path
from bridge.__main__ import main
code = main()
sys.stderr.write(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(code)"""
GROWTH_MB_MAX = 24  # rows and records of all bids of this log would be some 60


def test_since_skips_auctions_that_have_not_changed(settled: SettledScenario) -> None:
    auctions = schema.auctions
    begun = datetime.now(UTC)
    with changed(settled, auctions, auctions.c.id == settled.open.auction_id, price=1):
        later = audit(settled.container, Scope(since=begun), [])
        created_at = _created_at(settled, settled.open.auction_id)
        earlier = audit(settled.container, Scope(since=created_at), [])
    assert later["I7"].unchecked == later["I2"].unchecked == "there is no case of it"
    assert [line.split(":")[0] for line in earlier["I7"].examples] == [
        f"auction {settled.open.auction_id}"
    ]


def test_since_and_an_auction_together_mean_that_auction(settled: SettledScenario) -> None:
    created_at = _created_at(settled, settled.open.auction_id)
    lane = str(settled.sold.auction_id)
    results = audit(settled.container, Scope(since=created_at, lane=lane), [])
    assert results.violated == []
    assert results["I7"].checked == 1


def test_a_sample_is_labelled_and_reads_no_more(settled: SettledScenario) -> None:
    results = audit(settled.container, Scope(sample=True), [])
    (note,) = results.notes
    assert note.startswith("a sample of ")
    assert 0 < results["I7"].checked <= 50
    assert results["I7"].violations == results["I15"].violations == 0


def test_an_audit_under_load_reports_no_false_violation(
    stack: Stack, container: Container, settled: SettledScenario
) -> None:
    lot = new_lot(container, lasts_s=3_600)
    scope = Scope(lane=str(lot.auction_id), sample=True)
    with running(stack):
        with bidding(container, lot):
            wait_until(lambda: settled.bids(lot), what="bids are decided")
            first = audit(container, scope, [])
            assert first.violated == []
            wait_until(
                lambda: _checked(container, scope) > first["I15"].checked + 20,
                what="more are decided",
            )
        stack.control.stop(WORKER)
        leave_waiting(settled)  # what had waited was settled meanwhile


@contextmanager
def bidding(container: Container, lot: Lot) -> Iterator[None]:
    """Bid in the background, until left."""
    enough = threading.Event()

    def bid_on() -> None:
        number = 0
        while not enough.is_set():
            number += 1
            bid(container, lot, number % 3, 1_000 + number * 500, f"k{number}", "max")

    bidder = threading.Thread(target=bid_on)
    bidder.start()
    try:
        yield
    finally:
        enough.set()
        bidder.join()


def _checked(container: Container, scope: Scope) -> int:
    """How many decisions one more audit has checked, all of them rightly."""
    results = audit(container, scope, [])
    assert results.violated == []
    return results["I15"].checked


def test_memory_does_not_grow_with_the_log(
    stack: Stack, container: Container, settled: SettledScenario
) -> None:
    (lot,) = write(container, records=RECORDS, auctions=1)
    short, long = _peak_mb(stack, settled.open), _peak_mb(stack, lot)
    print(f"{short} MB for a few records, {long} MB for {RECORDS}")
    assert long - short < GROWTH_MB_MAX


def _peak_mb(stack: Stack, lot: Lot) -> float:
    """The most memory that an audit of this auction has had."""
    command = (executable("python"), "-c", MEASURED, "audit", "--sample", "--auction")
    result = subprocess.run(
        (*command, str(lot.auction_id)),
        env={**os.environ, **stack.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(result.stderr) / 1024


def _created_at(settled: SettledScenario, auction_id: int) -> datetime:
    with settled.container.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT created_at FROM auctions WHERE id = %s", (auction_id,)
        )
        created_at: datetime = found.scalar_one()
    return created_at
