"""From a round's beginning to its result: when all is idle, bids are counted and audited."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import psycopg2
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from stack.campaign import evidence
from stack.campaign.audit import AuditResult, audit
from stack.campaign.environment import Environment
from stack.campaign.idle import wait_until_idle
from stack.campaign.load import Load
from stack.campaign.memory import Memory, unbounded
from stack.campaign.result_store import ResultStore
from stack.campaign.results import Incidents, Result
from stack.campaign.verdict import Counts, count, history_of
from stack.faults import StackFault

BETWEEN_ROUNDS_FILE = "between.jsonl"  # what clients receive between two rounds
# What breaking and judging may raise when a server is not what it was.
EXPECTED_ERRORS = (StackFault, OSError, psycopg2.Error, RedisError, httpx.HTTPError, KafkaError)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a result is compared by, and where things are kept."""

    store: ResultStore

    seed: int
    commit: str
    minutes: float
    bids_per_s: float


class Judge:
    """Judges one round: make it when the round begins."""

    def __init__(
        self,
        name: str,
        environment: Environment,
        load: Load,
        *,
        memory: Memory,
        conditions: Conditions,
    ) -> None:
        self._name, self._environment, self._load = name, environment, load
        self._memory, self._conditions = memory, conditions
        self._since, self._log_begin = datetime.now(UTC), evidence.log_ends(environment)
        self._duplicates = load.duplicates.produced
        environment.busy_kills.clear()
        memory.reset()
        load.context.journal.rotate(conditions.store.journals / f"{name}.jsonl")

    def result(self, incidents: Incidents, problems: list[str]) -> Result:
        """Wait until all is idle, then count and audit; keep the logs if it did not hold."""
        counts, audit_result = Counts(), AuditResult(2, ["it was not run"])
        try:
            problems = [*problems, *wait_until_idle(self._environment, self._load)]
            counts, audit_result = self._count_and_audit()
        except EXPECTED_ERRORS as error:
            problems.append(one_line(error))
        result = Result(
            name=self._name,
            seed=self._conditions.seed,
            commit=self._conditions.commit,
            minutes=self._conditions.minutes,
            bids_per_s=self._conditions.bids_per_s,
            incidents=incidents,
            counts=counts,
            audit_result=audit_result,
            problems=[*problems, *self._dead_threads(), *self._unbounded()],
            busy_kills=dict(self._environment.busy_kills),
            duplicates=self._load.duplicates.produced - self._duplicates,
            peak_mib=dict(self._memory.peak_mib),
        )
        if not result.held:
            self._keep_logs()
        return result

    def _count_and_audit(self) -> tuple[Counts, AuditResult]:
        environment, begin = self._environment, self._log_begin
        between = self._conditions.store.journals / BETWEEN_ROUNDS_FILE
        journal = self._load.context.journal.rotate(between)
        history = history_of(evidence.journal_lines(journal))
        log, rows = evidence.bids_in_log(environment, begin), evidence.bid_rows(environment, begin)
        counts = count(history, log, rows, evidence.other_record_ids(environment, begin))
        return counts, audit(environment, journal, self._since)

    def _dead_threads(self) -> list[str]:
        return [f"{name} has ended: the campaign's fault" for name in self._load.dead_threads]

    def _unbounded(self) -> list[str]:
        application = {program.name for program in self._environment.programs()}
        return unbounded(self._memory.peak_mib, application)

    def _keep_logs(self) -> None:
        target = self._conditions.store.logs / self._name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self._environment.stack.places.logs_dir, target)


def one_line(error: BaseException) -> str:
    """Return an error as one line."""
    return f"{type(error).__name__}: {error}".strip().replace("\n", " ")
