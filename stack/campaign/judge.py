"""From a round's beginning to its result: everything comes to rest, and is counted and audited."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import psycopg2
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from stack.campaign import evidence
from stack.campaign.audit import Audited, audit
from stack.campaign.ground import Ground
from stack.campaign.kept import Kept
from stack.campaign.load import Load
from stack.campaign.memory import Memory, unbounded
from stack.campaign.rest import come_to_rest
from stack.campaign.results import Incidents, Result
from stack.campaign.verdict import Counts, count, told_in
from stack.faults import StackFault

BETWEEN = "between.jsonl"  # what is told between two rounds
# What breaking and judging may raise when a server is not what it was.
TROUBLES = (StackFault, OSError, psycopg2.Error, RedisError, httpx.HTTPError, KafkaError)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a result is compared by, and where things are kept."""

    kept: Kept

    seed: int
    commit: str
    minutes: float
    bids_per_s: float


class Judge:
    """Judges one round: make it when the round begins."""

    def __init__(
        self, name: str, ground: Ground, load: Load, *, memory: Memory, conditions: Conditions
    ) -> None:
        self._name, self._ground, self._load = name, ground, load
        self._memory, self._conditions = memory, conditions
        self._since, self._log_begin = datetime.now(UTC), evidence.log_ends(ground)
        self._duplicates = load.duplicates.produced
        ground.busy_kills.clear()
        memory.reset()
        load.scene.journal.turn(conditions.kept.journals / f"{name}.jsonl")

    def result(self, incidents: Incidents, troubles: list[str]) -> Result:
        """Bring everything to rest and judge it; of a round that did not hold, logs are kept."""
        counts, audited = Counts(), Audited(2, ["it was not run"])
        try:
            troubles = [*troubles, *come_to_rest(self._ground, self._load)]
            counts, audited = self._judged()
        except TROUBLES as trouble:
            troubles.append(in_words(trouble))
        result = Result(
            name=self._name,
            seed=self._conditions.seed,
            commit=self._conditions.commit,
            minutes=self._conditions.minutes,
            bids_per_s=self._conditions.bids_per_s,
            incidents=incidents,
            counts=counts,
            audited=audited,
            troubles=[*troubles, *self._gone(), *self._unbounded()],
            busy_kills=dict(self._ground.busy_kills),
            duplicates=self._load.duplicates.produced - self._duplicates,
            peak_mib=dict(self._memory.peak_mib),
        )
        if not result.held:
            self._keep_logs()
        return result

    def _judged(self) -> tuple[Counts, Audited]:
        ground, begin = self._ground, self._log_begin
        between = self._conditions.kept.journals / BETWEEN
        journal = self._load.scene.journal.turn(between)
        told = told_in(evidence.journal_lines(journal))
        log, rows = evidence.bids_in_log(ground, begin), evidence.bid_rows(ground, begin)
        counts = count(told, log, rows, evidence.other_places(ground, begin))
        return counts, audit(ground, journal, self._since)

    def _gone(self) -> list[str]:
        return [f"{name} has ended: the campaign's fault" for name in self._load.gone]

    def _unbounded(self) -> list[str]:
        application = {program.name for program in self._ground.programs()}
        return unbounded(self._memory.peak_mib, application)

    def _keep_logs(self) -> None:
        target = self._conditions.kept.logs / self._name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self._ground.stack.places.logs_dir, target)


def in_words(trouble: BaseException) -> str:
    """One line."""
    return f"{type(trouble).__name__}: {trouble}".strip().replace("\n", " ")
