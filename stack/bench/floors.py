"""What the speed of the house is held against: a line a figure, with its floor and its aim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stack.bench.measurement import Measurement

CPU_RATE = 3_000  # bids/s at which CPU per bid is compared


@dataclass(frozen=True, slots=True)
class Floor:
    """One figure's line. `at_least`: more is better; else less is."""

    name: str  # in the results of scenarios and steps
    words: str
    floor: float
    aim: float
    at_least: bool = False

    def verdict(self, value: float | None) -> str:
        """What the figure reaches."""
        if value is None:
            return "not measured"
        if self._reaches(value, self.aim):
            return "aim"
        return "floor" if self._reaches(value, self.floor) else "**missed**"

    def is_missed(self, value: float | None) -> bool:
        """Whether the figure was measured and is worse than its floor."""
        return value is not None and not self._reaches(value, self.floor)

    def _reaches(self, value: float, bound: float) -> bool:
        return value >= bound if self.at_least else value <= bound


HELD_RATES = ("held.1", "held.10", "held.100")
HELD = "decided bids/s held, p99 to result ≤ 500 ms, worst ≤ 2 s"
FLOORS = (
    Floor("held.1", f"{HELD}: one auction", 4_000, 6_000, at_least=True),
    Floor("sketch.1", "the same, times the sketch's in one run", 1.0, 1.2, at_least=True),
    Floor("held.10", f"{HELD}: 10 auctions", 3_500, 5_000, at_least=True),
    Floor("held.100", f"{HELD}: 100 auctions", 2_500, 4_000, at_least=True),
    Floor("cpu.1", f"CPU s per 1,000 bids at {CPU_RATE:,}/s: one auction", 0.45, 0.30),
    Floor("cpu.10", f"CPU s per 1,000 bids at {CPU_RATE:,}/s: 10 auctions", 0.60, 0.40),
    Floor("overload.share", "twice what is held: decided, of that", 0.90, 0.98, at_least=True),
    Floor("overload.busy_p99_ms", "twice what is held: `BUSY` after, ms p99", 200, 200),
    Floor("overload.other_errors", "twice what is held: other errors", 0, 0),
    Floor(
        "overload.acknowledged_max_ms",
        "twice what is held: acknowledged bid → result, ms worst",
        *(2_000, 2_000),
    ),
    Floor("overload.acknowledged_open", "twice what is held: acknowledged, no result", 0, 0),
    Floor("recovery.s", "twice what is held ends: the last `BUSY` after, s", 2, 1),
    Floor("drain.1", "50,000 waiting bids decided/s: one auction", 10_000, 25_000, at_least=True),
    Floor(
        "drain.1000", "50,000 waiting bids decided/s: 1,000 auctions", 5_000, 12_000, at_least=True
    ),
    Floor("quiet.received_p99_ms", "one bid at a time: send → received, ms p99", 20, 10),
    Floor("quiet.result_p99_ms", "one bid at a time: send → result, ms p99", 60, 25),
    # 25,000, less one state at the end of a minute.
    Floor(
        "fan-out.frames_per_s", "5,000 viewers, 5 states/s: frames/s", 24_900, 24_900, at_least=True
    ),
    Floor("fan-out.delay_p99_ms", "5,000 viewers: bid decided → its state, ms p99", 500, 500),
    Floor("fan-out.result_p99_ms", "5,000 viewers: send → result beside them, ms p99", 500, 300),
    Floor("many-auctions.cpu_ratio", "CPU of a gateway for others' 495 auctions, times", 1.1, 1.0),
    Floor("log-ins.p99_ratio", "300 log-ins in a minute: bids' p99, times", 2.0, 1.2),
    Floor("close.p99_ms", "end → close announced, at 2,000 bids/s, ms p99", 1_000, 300),
    Floor("idle.socket_kib", "idle signed-in socket, KiB", 35, 20),
)


def figures_of(steps: Sequence[Measurement]) -> dict[str, float]:
    """What steps of bids say of the table: the highest rate that is held, and the lowest CPU per
    bid."""
    figures: dict[str, float] = {}
    for step in steps:
        auctions = step.load.auctions
        held = step.decided_per_s if step.held else 0.0
        figures[f"held.{auctions}"] = max(held, figures.get(f"held.{auctions}", 0.0))
        if step.load.rate == CPU_RATE and step.carried and step.cpu_s_per_1000_bids is not None:
            cpu = f"cpu.{auctions}"
            figures[cpu] = min(step.cpu_s_per_1000_bids, figures.get(cpu, float("inf")))
    return figures


def render_floors(figures: Mapping[str, float]) -> list[str]:
    """Return the table's lines in Markdown: each figure beside its floor."""
    lines = ["| figure | measured | floor | aim | reaches |", "| --- | --- | --- | --- | --- |"]
    for floor in FLOORS:
        value = figures.get(floor.name)
        measured = "-" if value is None else number(value)
        bounds = f"{number(floor.floor)} | {number(floor.aim)}"
        lines.append(f"| {floor.words} | {measured} | {bounds} | {floor.verdict(value)} |")
    return lines


def number(value: float) -> str:
    """A figure with three digits at most behind a small one, none behind a large one."""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"
