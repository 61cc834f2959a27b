"""One round: faults are injected under load and healed, then the result is judged when idle."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from stack.campaign.environment import Environment
from stack.campaign.faults.fault import Fault
from stack.campaign.judge import EXPECTED_ERRORS, Conditions, Judge, one_line
from stack.campaign.load import Load
from stack.campaign.memory import Memory
from stack.campaign.results import Incidents, Result, longest

BETWEEN_S = (0.3, 1.5)
TWO_AT_ONCE = 0.5  # how often a mixed run breaks two things
SHORT_RUN_MINUTES, SHORT_HOLD_S = 5.0, 10.0  # a short run has no time for what takes long
WEIGHTS = {"worker-kill": 10, "ingest-kill": 8}

Action = Callable[[Incidents], None]


class Rounds:
    """Rounds in one environment, with one load."""

    def __init__(
        self, environment: Environment, load: Load, memory: Memory, conditions: Conditions
    ) -> None:
        self._environment, self._load, self._memory = environment, load, memory
        self._conditions, self._rng = conditions, environment.rng

    def alone(self, fault: Fault) -> Result:
        """Inject one fault, `fault.times` times."""

        def inject(incidents: Incidents) -> None:
            for _ in range(fault.times):
                self._inject_and_heal([fault], incidents)

        return self._run_round(fault.name, inject)

    def mixed(self, name: str, faults: list[Fault]) -> Result:
        """Faults drawn at random, sometimes two at once, for as many minutes as agreed."""
        minutes = self._conditions.minutes
        drawn = [
            fault
            for fault in faults
            if fault.mixed and (minutes > SHORT_RUN_MINUTES or fault.hold_s <= SHORT_HOLD_S)
        ]

        def inject(incidents: Incidents) -> None:
            ends = time.monotonic() + 60 * minutes
            while time.monotonic() < ends:
                self._inject_and_heal(self._draw(drawn), incidents)

        return self._run_round(name, inject)

    def _draw(self, faults: list[Fault]) -> list[Fault]:
        weights = [WEIGHTS.get(fault.name, 1) for fault in faults]
        (first,) = self._rng.choices(faults, weights)
        others = [fault for fault in faults if not set(fault.targets) & set(first.targets)]
        return [first, self._rng.choice(others)] if self._rng.random() < TWO_AT_ONCE else [first]

    def _inject_and_heal(self, faults: list[Fault], incidents: Incidents) -> None:
        """Inject these one after the other, heal all, and measure how long work takes to resume.

        For a fault with `must_survive` the time also counts from its first moment.
        """
        probe, survival_s = self._load.probe, dict[str, float | None]()
        with ExitStack() as healing:
            for fault in faults:
                fault.prepare(self._environment)
                began = time.monotonic()
                fault.inject(self._environment)
                healing.callback(fault.heal, self._environment)
                if fault.must_survive:
                    survival_s[fault.name] = probe.resumed_s(began)
                time.sleep(fault.hold_s)
                fault.check(self._environment)
        recovered_s = probe.recovered_s(self._environment)
        for fault in faults:
            incidents.note(fault.name, longest(recovered_s, survival_s.get(fault.name, 0.0)))
        time.sleep(self._rng.uniform(*BETWEEN_S))

    def _run_round(self, name: str, inject: Action) -> Result:
        incidents: Incidents = Incidents()
        problems: list[str] = []
        judge = Judge(
            name, self._environment, self._load, memory=self._memory, conditions=self._conditions
        )
        try:
            if not self._load.resume():
                problems.append("no outcomes came before anything was broken")
            inject(incidents)
        except EXPECTED_ERRORS as error:
            problems.append(one_line(error))
        self._load.pause()
        return judge.result(incidents, problems)
