"""One round: the load goes on, things break and are mended, all comes to rest and is judged."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from stack.campaign.faults.fault import Fault
from stack.campaign.ground import Ground
from stack.campaign.judge import TROUBLES, Conditions, Judge, in_words
from stack.campaign.load import Load
from stack.campaign.memory import Memory
from stack.campaign.results import Incidents, Result, longest

BETWEEN_S = (0.3, 1.5)
TWO_AT_ONCE = 0.5  # how often a mixed run breaks two things
SHORT_RUN_MINUTES, SHORT_HOLD_S = 5.0, 10.0  # a short run has no time for what takes long
WEIGHTS = {"worker-kill": 10, "ingest-kill": 8}

Deed = Callable[[Incidents], None]


class Rounds:
    """Rounds on one ground, with one load."""

    def __init__(self, ground: Ground, load: Load, memory: Memory, conditions: Conditions) -> None:
        self._ground, self._load, self._memory = ground, load, memory
        self._conditions, self._rng = conditions, ground.rng

    def alone(self, fault: Fault) -> Result:
        """One fault, as often as it says."""

        def strike(incidents: Incidents) -> None:
            for _ in range(fault.times):
                self._strike([fault], incidents)

        return self._judged(fault.name, strike)

    def mixed(self, name: str, faults: list[Fault]) -> Result:
        """Faults drawn at random, sometimes two at once, for as many minutes as agreed."""
        minutes = self._conditions.minutes
        drawn = [
            fault
            for fault in faults
            if fault.mixed and (minutes > SHORT_RUN_MINUTES or fault.hold_s <= SHORT_HOLD_S)
        ]

        def strike(incidents: Incidents) -> None:
            ends = time.monotonic() + 60 * minutes
            while time.monotonic() < ends:
                self._strike(self._draw(drawn), incidents)

        return self._judged(name, strike)

    def _draw(self, faults: list[Fault]) -> list[Fault]:
        weights = [WEIGHTS.get(fault.name, 1) for fault in faults]
        (first,) = self._rng.choices(faults, weights)
        others = [fault for fault in faults if not set(fault.targets) & set(first.targets)]
        return [first, self._rng.choice(others)] if self._rng.random() < TWO_AT_ONCE else [first]

    def _strike(self, faults: list[Fault], incidents: Incidents) -> None:
        """Inject these one after the other, mend all, and measure how long work takes to resume.

        Of a fault that is to be outlived that counts from its first moment, too.
        """
        probe, outlived_s = self._load.probe, dict[str, float | None]()
        with ExitStack() as mending:
            for fault in faults:
                fault.prepare(self._ground)
                began = time.monotonic()
                fault.inject(self._ground)
                mending.callback(fault.heal, self._ground)
                if fault.outlived:
                    outlived_s[fault.name] = probe.resumed_s(began)
                time.sleep(fault.hold_s)
                fault.check(self._ground)
        recovered_s = probe.recovered_s(self._ground)
        for fault in faults:
            incidents.note(fault.name, longest(recovered_s, outlived_s.get(fault.name, 0.0)))
        time.sleep(self._rng.uniform(*BETWEEN_S))

    def _judged(self, name: str, strike: Deed) -> Result:
        incidents: Incidents = Incidents()
        troubles: list[str] = []
        judge = Judge(
            name, self._ground, self._load, memory=self._memory, conditions=self._conditions
        )
        try:
            if not self._load.go_on():
                troubles.append("no outcomes came before anything was broken")
            strike(incidents)
        except TROUBLES as trouble:
            troubles.append(in_words(trouble))
        self._load.pause()
        return judge.result(incidents, troubles)
