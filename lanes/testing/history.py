"""Histories: how one is made up, what must hold in it, and the shortest that still fails."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lanes.handler import LaneTopic
from lanes.record import RawRecord
from lanes.testing.checks import (
    Effects,
    SerialRun,
    check_effects,
    check_fail,
    check_once,
    check_order,
)
from lanes.testing.handler import Settled
from lanes.testing.simulation import Kind, Simulation, Writer
from lanes.testing.steps import (
    FAULTS,
    NUMBERS,
    STATEMENTS_MAX,
    Append,
    Deliver,
    Fault,
    Run,
    Step,
    Write,
)
from lanes.testing.store import MemoryStore, MemoryTransaction

Values = Callable[[random.Random, str], bytes]
"""Returns the value of a record of this key, chosen by the random numbers."""

Setup = Callable[[MemoryStore], object]
"""Fills the tables before the first record."""

Check = Callable[[MemoryStore, Sequence[Sequence[RawRecord]]], object]
"""Looks at the committed rows, and at the log by partition. Raises AssertionError."""

STEPS_MIN, STEPS_MAX = 30, 120
SHRINK_RUNS_MAX = 3_000
LAST_LINE = "every fault ends, the code is repaired, and all runs until nothing waits"
# How often a step is which; the rest are runs of processes.
APPENDS, FAULTS_SHARE, WRITES, DELIVERIES = 0.15, 0.1, 0.1, 0.2
KINDS: tuple[Kind, ...] = ("worker", "owner", "writer")
# Of the appended records.
REPEATED, POISONOUS, NEWER, CUT_SHORT, WITHOUT_KEY = 0.2, 0.15, 0.05, 0.03, 0.03
DEADLY = 0.02  # of what would be poisonous else


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What histories are made of, and what must hold in them: see `simulate`."""

    lane: LaneTopic[MemoryTransaction]
    values: Values
    keys: Sequence[str]
    setup: Setup
    check: Check
    effects: Effects | None
    writers: Sequence[Writer]
    repeats: bool
    is_serial: bool
    outcome: "Outcome"


@dataclass(slots=True)
class Outcome:
    """Of all histories together: whether any record was settled, and the handler's last error."""

    has_settled: bool = False
    last_error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened, a line for each step, and the error."""

    lines: Sequence[str]
    error: Exception


def make_history(plan: Plan, chance: random.Random) -> list[Step]:
    """Return the steps of a history."""
    return [_step(plan, chance) for _ in range(chance.randint(STEPS_MIN, STEPS_MAX))]


def run_history(plan: Plan, steps: Sequence[Step]) -> Failure | None:
    """Run the steps, and then without faults to the end; return None when all holds."""
    simulation = Simulation(plan.lane, writers=plan.writers)
    lines: list[str] = []
    try:
        plan.setup(simulation.store)
        checks = _Checks(plan, simulation)
        for step in steps:
            lines.append("")
            lines[-1] = step.apply(simulation)
            checks.run()
        lines.append(LAST_LINE)
        simulation.finish()
        checks.run()
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises
        if lines and not lines[-1]:
            lines[-1] = f"{steps[len(lines) - 1]}"
        return Failure(lines, error)
    finally:
        simulation.close()
        plan.outcome.has_settled |= any(
            isinstance(one, Settled) for one in simulation.store.journal
        )
        plan.outcome.last_error = simulation.handler.last_error or plan.outcome.last_error
    return None


def shortest_history(plan: Plan, steps: Sequence[Step]) -> Sequence[Step]:
    """Return fewer and simpler steps that still fail, the simplest that SHRINK_RUNS_MAX tries
    find."""
    shrinking = _Shrinking(plan, steps)
    before: Sequence[Step] = ()
    while shrinking.steps != before:
        before = shrinking.steps
        shrinking.drop_steps()
        shrinking.simplify_steps()
        shrinking.drop_pairs()
    return shrinking.steps


class _Shrinking:
    """Steps that fail, replaced by fewer or simpler ones as long as those fail too."""

    def __init__(self, plan: Plan, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._plan, self._runs = plan, 0

    def drop_steps(self) -> None:
        """Leave out half of the steps, a quarter, and so on down to single ones."""
        size = len(self.steps)
        while size:
            at = 0
            while at < len(self.steps):
                if not self._try([*self.steps[:at], *self.steps[at + size :]]):
                    at += size
            size //= 2

    def drop_pairs(self) -> None:
        """Leave out two steps that are of no use without each other, as a fault and its end."""
        at = 0
        while at < len(self.steps):
            steps = self.steps
            if not any(
                self._try([*steps[:at], *steps[at + 1 : other], *steps[other + 1 :]])
                for other in range(at + 1, len(steps))
            ):
                at += 1

    def simplify_steps(self) -> None:
        """Replace numbers of single steps, in their order."""
        for at in range(len(self.steps)):
            for simpler in _simpler(self.steps[at]) if at < len(self.steps) else ():
                if self._try([*self.steps[:at], simpler, *self.steps[at + 1 :]]):
                    break

    def _try(self, steps: Sequence[Step]) -> bool:
        """Use the steps if they fail; return whether they do."""
        self._runs += 1
        failure = run_history(self._plan, steps) if self._runs <= SHRINK_RUNS_MAX else None
        if failure is not None:
            self.steps = steps[: len(failure.lines)]
        return failure is not None


def _simpler(step: Step) -> Iterator[Step]:
    """Yield what may stand for a step, the simplest first."""
    match step:
        case Run(kind, which, statements) if which or statements < STATEMENTS_MAX:
            yield Run(kind, 0, STATEMENTS_MAX)
            yield Run(kind, 0, statements)
        case Deliver(which) if which:
            yield Deliver(0)
        case Append(key, value, times) if step != Append(key, value):
            yield Append(key, value)
            yield Append(key, value, times)


class _Checks:
    """The checks of a history, run when something was committed."""

    def __init__(self, plan: Plan, simulation: Simulation) -> None:
        self._plan, self._simulation = plan, simulation
        self._commits = 0
        self._serial = SerialRun(plan.lane.handler, writers=plan.writers, setup=plan.setup)

    def run(self) -> None:
        plan, simulation = self._plan, self._simulation
        check_fail(simulation)
        if simulation.store.commits == self._commits:
            return
        self._commits = simulation.store.commits
        check_once(simulation)
        check_order(simulation)
        if plan.effects is not None:
            check_effects(simulation, plan.effects)
        if plan.is_serial:
            self._serial.check(simulation)
        plan.check(simulation.store, simulation.log)


def _step(plan: Plan, chance: random.Random) -> Step:
    kind, which = chance.random(), chance.randrange(NUMBERS)
    if kind < APPENDS:
        return _append(plan, chance)
    if kind < APPENDS + FAULTS_SHARE:
        return Fault(chance.choice(FAULTS), which)
    if plan.writers and kind < APPENDS + FAULTS_SHARE + WRITES:
        return Write(chance.randrange(len(plan.writers)), which)
    if kind > 1 - DELIVERIES:
        return Deliver(which)
    process: Kind = chance.choice(KINDS if plan.writers else KINDS[:2])
    return Run(process, which, chance.randint(1, STATEMENTS_MAX))


def _append(plan: Plan, chance: random.Random) -> Append:
    text = chance.choice(plan.keys)
    key: bytes | None = text.encode()
    value = plan.values(chance, text)
    if chance.random() < WITHOUT_KEY:
        key = chance.choice((None, b"", b"\xff"))
    if chance.random() < CUT_SHORT:
        value = value[:-1]
    times = 2 if chance.random() < REPEATED and plan.repeats else 1
    fault, is_newer = chance.random(), chance.random() < NEWER
    is_deadly = fault < DEADLY
    is_poison = not is_deadly and fault < POISONOUS
    return Append(key, value, times, is_poison=is_poison, is_newer=is_newer, is_deadly=is_deadly)
