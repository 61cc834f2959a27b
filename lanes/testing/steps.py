"""The steps of a history: what one of them does to a simulation, said in a line.

A step says by numbers whom it concerns ("the third process, of those there are"), so that the same
steps always do the same, and any step may be left out.
"""

from dataclasses import dataclass
from typing import Protocol

from lanes.testing.simulation import Kind, Simulation

FAULTS = (
    "move_clock", "rebalance", "kill", "refuse", "lose_commit_answer", "lose_claims", "lose_task",
    "repeat_task", "sweep", "repair_code", "break_code", "replay",
)  # fmt: skip
"""The methods of Simulation that a `Fault` may name."""

NUMBERS = 100
"""A number in a step is below this."""

STATEMENTS_MAX = 17
"""How many statements a process runs in one step, so that a settle takes one step or several."""


class Step(Protocol):
    """Something that happens."""

    def apply(self, simulation: Simulation) -> str:
        """Let it happen; return a line that says what did. Raise what the user's code raises."""
        ...


@dataclass(frozen=True, slots=True)
class Append:
    """Producers append a record, `times` times."""

    key: bytes | None
    value: bytes
    times: int = 1
    is_poison: bool = False
    is_newer: bool = False
    is_deadly: bool = False

    def apply(self, simulation: Simulation) -> str:
        """Append it."""
        records = [
            simulation.append(
                self.key,
                self.value,
                is_poison=self.is_poison,
                is_newer=self.is_newer,
                is_deadly=self.is_deadly,
            )
            for _ in range(self.times)
        ]
        where = ", ".join(f"{raw.partition}@{raw.offset}" for raw in records)
        kinds = {"poison": self.is_poison, "newer": self.is_newer, "deadly": self.is_deadly}
        kind = "".join(f" ({name})" for name, is_so in kinds.items() if is_so)
        return f"append to {where}: key {_shown(self.key)}, value {_shown(self.value)}{kind}"


@dataclass(frozen=True, slots=True)
class Deliver:
    """A worker takes a task."""

    which: int

    def apply(self, simulation: Simulation) -> str:
        """Let it take one."""
        return simulation.deliver(self.which)


@dataclass(frozen=True, slots=True)
class Run:
    """A process runs a few statements."""

    kind: Kind
    which: int
    statements: int

    def apply(self, simulation: Simulation) -> str:
        """Run it."""
        return simulation.run(self.kind, self.which, self.statements)


@dataclass(frozen=True, slots=True)
class Write:
    """Something else writes the tables of the handler."""

    which: int
    number: int

    def apply(self, simulation: Simulation) -> str:
        """Begin its transaction; `Run` goes on with it."""
        simulation.write(self.which, self.number)
        return f"writer {self.which % len(simulation.writers)} begins with number {self.number}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, or its end: one of FAULTS."""

    name: str
    which: int

    def apply(self, simulation: Simulation) -> str:
        """Let it happen."""
        getattr(simulation, self.name)(self.which)
        return f"{self.name.replace('_', ' ')} ({self.which})"


def _shown(data: bytes | None) -> str:
    return "none" if data is None else repr(data)[1:]
