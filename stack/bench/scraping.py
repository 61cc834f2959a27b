"""Scrapers beside a storm, and what they cost: rounds with them and without, by turns.

A machine is now faster, now slower; figures that were taken in turns can be compared.
"""

import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from stack.bench.measurement import Measurement
from stack.faults import StackFault

NICENESS = 19  # of a scraper, which elsewhere is another machine: on Linux, threads have their own
PERIOD_S = 1.0  # of one scraper; Prometheus scrapes every 15 s by default
ANSWER_TIMEOUT_S = 10.0
EXPORTERS = ("metrics", "flower")  # they answer scrapers, and serve no bid

FIGURES: dict[str, Callable[[Measurement], float]] = {
    "send → bid.received, ms p50": lambda step: float(step.storm["received_ms"]["p50"]),
    "send → bid.received, ms p99": lambda step: float(step.storm["received_ms"]["p99"]),
    "send → bid.result, ms p50": lambda step: float(step.storm["result_ms"]["p50"]),
    "send → bid.result, ms p99": lambda step: float(step.storm["result_ms"]["p99"]),
    "CPU s per 1,000 bids, exporter and Flower left out": lambda step: _cpu_s(step, EXPORTERS),
    "CPU s per 1,000 bids, everything": lambda step: _cpu_s(step, ()),
}


@dataclass(slots=True)
class Scrapes:
    """What all scrapers got."""

    answers: int = 0
    bytes_min: int = 0
    fault: Exception | None = None


@contextmanager
def scraped(urls: Sequence[str], scrapers: int) -> Iterator[Scrapes]:
    """Each of so many scrapers reads every one of `urls` once, and in each PERIOD_S until left.

    Raises StackFault at the end when one of them was not answered.
    """
    scrapes, ended, lock = Scrapes(), threading.Event(), threading.Lock()

    def scrape() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while True:
            begun = time.monotonic()
            for url in urls:
                _count(scrapes, url, lock)
            if ended.wait(max(0.0, PERIOD_S - (time.monotonic() - begun))):
                return

    threads = [threading.Thread(target=scrape, daemon=True) for _ in range(scrapers)]
    for thread in threads:
        thread.start()
    try:
        yield scrapes
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    if scrapes.fault:
        raise StackFault(f"a scrape was not answered: {scrapes.fault}")


def _count(scrapes: Scrapes, url: str, lock: threading.Lock) -> None:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310 - ours
            size = len(answer.read())
    except (urllib.error.URLError, OSError) as error:
        scrapes.fault = error
        return
    with lock:
        scrapes.answers += 1
        scrapes.bytes_min = min(size, scrapes.bytes_min or size)


def render_ratios(alone: Sequence[Measurement], beside: Sequence[Measurement]) -> str:
    """A table of medians, and of the ratio of each round beside scrapers to the one before it.

    The median of those ratios is the one to look at: what changes slowly is in both of a round.
    """
    heading = f"with {beside[0].load.scrapers} scrapers"
    lines = [
        f"| figure, median of {len(alone)} rounds | without | {heading} | ratio (of all rounds) |",
        "| --- | --- | --- | --- |",
    ]
    for name, figure in FIGURES.items():
        without, with_ = [figure(one) for one in alone], [figure(one) for one in beside]
        ratios = [b / a for a, b in zip(without, with_, strict=True)]
        each = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
        medians = f"{median(without):.3g} | {median(with_):.3g} | **{median(ratios):.2f}**"
        lines.append(f"| {name} | {medians} ({each}) |")
    return "\n".join(lines)


def _cpu_s(step: Measurement, without: Sequence[str]) -> float:
    """CPU seconds per 1,000 decided bids of all processes but those named."""
    spent = sum(cost.cpu_s for name, cost in step.costs.items() if name not in without)
    return spent * 1_000 / int(step.storm["bids"]["decided"])
