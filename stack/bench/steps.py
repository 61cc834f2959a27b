"""Steps of a rising rate of bids, each held for a while, until two in a row are not carried."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from stack.bench.application import Application
from stack.bench.measurement import Measurement
from stack.bench.scraping import scraped
from stack.bench.sketch import Sketch, SketchStep
from stack.bench.storm import Load
from stack.progress import shown

FAILED_MAX = 2  # in a row: one may fail because somebody else's work took the cores


@dataclass(slots=True)
class Steps:
    """What was measured, of the house and of the sketch by turns."""

    measured: list[Measurement] = field(default_factory=list)
    sketched: list[SketchStep] = field(default_factory=list)

    def climb(self, application: Application, loads: Sequence[Load], sketch: Sketch | None) -> None:
        """Offer one load after another; the house and the sketch each stop at what is too much.

        The sketch begins with an empty database. When it cannot settle what it took it is stopped.
        """
        by_turns = any(load.scrapers for load in loads)
        ours: list[Measurement] = []
        theirs: list[SketchStep] = []
        if sketch is not None:
            sketch.start()
        for load in loads:
            if by_turns or not _is_too_much(ours):
                ours.append(measured(application, load))
            if sketch is not None and sketch.is_running:
                with shown(f"the sketch: {load.rate:,.0f} bids/s for {load.seconds:.0f} s"):
                    step = sketch.step(rate=load.rate, auctions=load.auctions, seconds=load.seconds)
                theirs.append(step)
                if _is_too_much(theirs) or not sketch.wait_until_idle():
                    sketch.stop()
        if sketch is not None:
            sketch.stop()
        self.measured += ours
        self.sketched += theirs

    def held(self) -> tuple[float, ...]:
        """The rates that were held on one auction, in bids per second, the highest first."""
        rates = {m.load.rate for m in self.measured if m.held and m.load.auctions == 1}
        return tuple(sorted(rates, reverse=True))


def _is_too_much(steps: Sequence[Measurement | SketchStep]) -> bool:
    """Whether none of the last FAILED_MAX steps was carried."""
    return len(steps) >= FAILED_MAX and not any(step.carried for step in steps[-FAILED_MAX:])


def measured(application: Application, load: Load) -> Measurement:
    """Measure one step, and say so while it lasts."""
    beside = f" beside {load.scrapers} scrapers" if load.scrapers else ""
    auctions = f" on {load.auctions} auctions" if load.auctions > 1 else ""
    with (
        shown(f"storm of {load.rate:,.0f} bids/s for {load.seconds:.0f} s{auctions}{beside}"),
        scraped(_metrics_urls(application), load.scrapers) if load.scrapers else nullcontext(),
    ):
        return application.measure(load)


def _metrics_urls(application: Application) -> list[str]:
    """Every port that metrics are on."""
    addresses = application.addresses
    return [addresses["METRICS_URL"], f"{addresses['FLOWER_URL']}/metrics"]


def in_turns(first: Load, *, scrapers: int, rounds: int) -> list[Load]:
    """Rounds without scrapers and with them."""
    return [first, replace(first, scrapers=scrapers)] * rounds
