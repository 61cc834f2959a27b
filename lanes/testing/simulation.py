"""One lane topic in memory: its log, the owners of its partitions, its workers, and their faults.

Everything that decides what becomes of a record is the platform's own code: `Ingestor`, `Attempts`,
`LaneSettler`, `DeadLetterWriter`, and the user's handler. Here are only the log, the store and the
order in which processes run.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

from lanes.attempts import Attempts
from lanes.bounds import Bounds
from lanes.checking import Sizes
from lanes.dead_letter import DeadLetter
from lanes.errors import OutageError
from lanes.handler import LaneTopic
from lanes.ingest import Ingestor, IngestorPorts
from lanes.record import InboxRecord, RawRecord
from lanes.settings import LaneLimits
from lanes.settle import make_settler
from lanes.testing.handler import SimulatedHandler
from lanes.testing.ports import (
    DEAD_LETTERS,
    INBOX,
    LANE_LOCKS,
    PARKED_LANES,
    PARKED_PARTITIONS,
    PROGRESS,
    MemoryParkedStore,
    MemoryPorts,
)
from lanes.testing.processes import Process, pause
from lanes.testing.store import MemoryStore, MemoryTransaction
from lanes.text import as_text
from lanes.time import from_epoch_ms
from lanes.topic import Topic
from lanes.wake import Lane

NOW = from_epoch_ms(1_795_435_200_000)
PARTITIONS = 2
WORKERS_MAX = 4
TOPIC_ID = "made-once"
CLOCK_STEPS_S = (-3, 1, 20, 61)  # one longer than the window of dead letters, one back
OWNED = ((0,), (1,), (0, 1))  # by a member of the group after a rebalance
LIMITS = LaneLimits(
    record_bytes_max=1_000,
    record_key_bytes_max=100,
    settle_batch_max=6,
    settle_round_s=float("inf"),
    retries_max=2,
    dead_letters_per_lane_max=3,
    dead_letters_per_partition_max=5,
)
ROUNDS_MAX = 400  # of `finish`
ROUND_STATEMENTS = 60

Kind = Literal["worker", "owner", "writer"]
"""Of a process: settles lanes, ingests partitions, or is one of the writers."""

Writer = Callable[[MemoryTransaction, int], object]
"""Something else that writes the tables of a handler: gets a transaction, and a number of 0 to 99
to choose by."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task on its way to a worker."""

    keys: tuple[str, ...]
    retries: int = 0
    stuck: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """In the journal: a transaction of one of the writers."""

    which: int
    number: int


class Simulation:
    """A lane topic and what befalls it. Its methods are what can happen."""

    def __init__(
        self, lane: LaneTopic[MemoryTransaction], *, writers: Sequence[Writer] = ()
    ) -> None:
        """The topic has PARTITIONS partitions, whatever it has elsewhere."""
        self.store, self.ports = MemoryStore(), MemoryPorts()
        self.log: list[list[RawRecord]] = [[] for _ in range(PARTITIONS)]
        self.now = NOW
        self.handler = SimulatedHandler(lane.handler)
        topic = Topic(lane.topic.name, PARTITIONS)
        self.lane = replace(lane, topic=topic, handler=self.handler)
        self.writers = writers
        self.processes: dict[Kind, list[Process]] = {"worker": [], "owner": [], "writer": []}
        self.tasks: list[Task] = []
        self._replayed: set[tuple[int, int]] = set()
        self._settler = make_settler(
            begin=self.store.begin,
            lanes=self.ports,
            claims=self.ports,
            dead_letters=self.ports,
            waker=_TaskWaker(self.tasks),
            limits=LIMITS,
            clock=lambda: self.ports.now,
        )
        self._attempts = Attempts(self._settler, LIMITS.retries_max)
        self._assign(range(PARTITIONS))

    @property
    def waiting(self) -> list[InboxRecord]:
        """The records in the inbox."""
        return list(self.store.rows(INBOX).values())

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """The dead letters, oldest first."""
        return [letter for letter, _ in self.store.rows(DEAD_LETTERS).values()]

    @property
    def progress(self) -> dict[int, int]:
        """By partition, the next offset to ingest."""
        rows = self.store.rows(PROGRESS)
        return {partition: offset for (_, partition), (offset, _) in rows.items()}

    # The world outside.

    def append(
        self,
        key: bytes | None,
        value: bytes,
        *,
        replays: int = 0,
        is_poison: bool = False,
        is_newer: bool = False,
        is_deadly: bool = False,
    ) -> RawRecord:
        """Append a record to the log.

        While the code is broken a poisonous record cannot be settled, and a newer one is of a
        schema version that this code does not know. A deadly one always kills the worker that
        settles it.
        """
        partition = sum(key or b"") % PARTITIONS
        log = self.log[partition]
        raw = RawRecord(self.lane.topic.name, partition, len(log), key, value, self.now, replays)
        log.append(raw)
        if is_poison:
            self.handler.poison.add(as_text(value))
        if is_newer:
            self.handler.newer.add(as_text(value))
        if is_deadly:
            self.handler.deadly.add((partition, raw.offset))
        return raw

    def replay(self, which: int) -> None:
        """Append a dead letter to the log again, as an operator does: once, and not if it has had
        its effect."""
        letters = [one for one in self.dead_letters if _place(one) not in self._replayed]
        for letter in letters[which % max(1, len(letters)) :][:1]:
            with suppress(OutageError):
                with self.store.begin() as transaction:
                    (is_settled,) = self.handler.settled(transaction, [letter.payload])
                if not is_settled:
                    self._replayed.add(_place(letter))
                    self.append(letter.raw_key, letter.payload, replays=letter.replays + 1)

    def break_code(self, _: int = 0) -> None:
        """Deploy code that cannot settle poisonous and newer records."""
        self.handler.is_broken = True

    def repair_code(self, _: int = 0) -> None:
        """Deploy code that can, and unpark everything that the store gives."""
        self.handler.is_broken = False
        parked = MemoryParkedStore(self.store)
        with suppress(OutageError):
            for place in list(self.store.rows(PARKED_PARTITIONS)):
                parked.unpark_partition(*place)
            for lane in list(self.store.rows(PARKED_LANES)):
                parked.unpark(*lane)

    def write(self, which: int, number: int) -> None:
        """Begin a transaction of one of the writers, as a client of the same tables."""
        which %= len(self.writers)
        writer = Process(f"writer {which}", lambda: self._write(which, number))
        self.processes["writer"].append(writer)

    # Faults.

    def move_clock(self, which: int) -> None:
        """Move the broker's clock on, or a step back."""
        self._pass_time(CLOCK_STEPS_S[which % len(CLOCK_STEPS_S)])

    def rebalance(self, which: int) -> None:
        """Give partitions to a new owner; an old one may not know of it yet."""
        self._assign(OWNED[which % len(OWNED)])

    def kill(self, which: int) -> None:
        """Kill a process with SIGKILL."""
        processes = self._all_processes
        for process in processes[which % max(1, len(processes)) :][:1]:
            process.kill()
        self._drop_dead_processes()

    def refuse(self, which: int) -> None:
        """Let the store refuse one to six statements."""
        self.store.refusals = 1 + which % 6

    def lose_commit_answer(self, _: int = 0) -> None:
        """Break the connection at the next commit, after it."""
        self.store.loses_commit_answer = True

    def lose_claims(self, _: int = 0) -> None:
        """Let every lane be claimed again: a claim promises nothing."""
        self.store.unlock(LANE_LOCKS)

    def lose_task(self, which: int) -> None:
        """Lose a task."""
        if self.tasks:
            del self.tasks[which % len(self.tasks)]

    def repeat_task(self, which: int) -> None:
        """Deliver a task twice."""
        self.tasks += self.tasks[which % max(1, len(self.tasks)) :][:1]

    # Processes.

    def deliver(self, which: int) -> str:
        """Give one of the tasks to a worker, unless all are busy; return what happened."""
        if not self.tasks or len(self.processes["worker"]) >= WORKERS_MAX:
            return "no task, or no worker"
        task = self.tasks.pop(which % len(self.tasks))
        self._start_worker(task)
        return f"a worker gets a task for {_shown(task.keys)}"

    def run(self, kind: Kind, which: int, statements: int) -> str:
        """Let one of the processes run a few statements; return what happened."""
        processes = self.processes[kind]
        if not processes:
            return f"no {kind} runs"
        process = processes[which % len(processes)]
        done = 0
        while process.is_alive and done < statements:
            process.step()
            done += 1
        ends = "" if process.is_alive else ", and ends"
        self._drop_dead_processes()
        return f"{process.name}: {done} statements{ends}"

    def sweep(self, _: int = 0) -> None:
        """Wake every lane that waits, all in one task."""
        waiting = {record.key for record in self.waiting}
        parked = {key for _, key in self.store.rows(PARKED_LANES)}
        _queue(self.tasks, waiting - parked)

    def finish(self) -> None:
        """End all faults, repair the code, and run the processes until nothing waits.

        Raise AssertionError when something waits for ever.
        """
        self.store.refusals, self.store.loses_commit_answer = 0, False
        for owner in self.processes["owner"]:
            owner.kill()
        self._drop_dead_processes()
        self._assign(range(PARTITIONS))
        for _ in range(ROUNDS_MAX):
            self.repair_code()
            self._round()
            progress = self.progress
            is_behind = any(
                progress.get(partition, 0) < len(log) for partition, log in enumerate(self.log)
            )
            is_running = self.processes["worker"] or self.processes["writer"]
            if not is_behind and not is_running and not self.waiting:
                return
        raise AssertionError(f"waits for ever: {self.waiting}")

    def close(self) -> None:
        """Kill all processes."""
        for process in self._all_processes:
            process.kill()

    @property
    def _all_processes(self) -> list[Process]:
        return [process for processes in self.processes.values() for process in processes]

    def _round(self) -> None:
        if not self.tasks:
            self.sweep()
        for task in self.tasks:
            self._start_worker(task)
        self.tasks.clear()
        for process in self._all_processes:
            for _ in range(ROUND_STATEMENTS):
                process.step()
        self._drop_dead_processes()
        self._pass_time(LIMITS.dead_letter_window_s)

    def _pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ports.now += max(0.0, seconds)

    def _assign(self, partitions: Iterable[int]) -> None:
        given = frozenset(partitions)
        name = f"owner of {', '.join(map(str, sorted(given)))}"
        self.processes["owner"].append(Process(name, lambda: self._own(given)))

    def _start_worker(self, task: Task) -> None:
        name = f"worker on {_shown(task.keys)}"
        self.processes["worker"].append(Process(name, lambda: self._work(task)))

    def _drop_dead_processes(self) -> None:
        for processes in self.processes.values():
            processes[:] = [process for process in processes if process.is_alive]

    def _own(self, partitions: frozenset[int]) -> None:
        """Do what the ingest pipeline does around `Ingestor`; begin anew after a failure."""
        ports = IngestorPorts(
            begin=self.store.begin,
            inbox_writer=self.ports,
            dead_letters=self.ports,
            sizes=Sizes(LIMITS.record_key_bytes_max, LIMITS.record_bytes_max),
            dead_letter_limit=LIMITS.dead_letter_limit,
        )
        while True:
            ingestor = Ingestor(self.lane, ports, topic_id=TOPIC_ID)
            try:
                ingestor.start(partitions, self._bounds)
                while True:
                    self._ingest_batch(ingestor)
            except OutageError:
                pause()

    def _ingest_batch(self, ingestor: Ingestor[MemoryTransaction]) -> None:
        pause()
        ingestor.refresh_parked()
        batches = {
            partition: batch
            for partition, at in ingestor.positions.items()
            if partition not in ingestor.parked
            and (batch := self.log[partition][at : at + LIMITS.settle_batch_max])
        }
        if not batches:
            return
        result = ingestor.ingest(batches)
        _queue(self.tasks, {record.key for record in result.records})
        if result.lost:
            ingestor.start(result.lost, self._bounds)

    def _bounds(self, partitions: Collection[int]) -> dict[int, Bounds]:
        return {partition: Bounds(0, len(self.log[partition])) for partition in partitions}

    def _work(self, task: Task) -> None:
        """Do what the Celery task does around `LaneSettler` and `Attempts`."""
        for key in self._settler.settle_together(self.lane, task.keys):
            with suppress(OutageError):
                again = self._attempts.attempt(
                    self.lane, key, retries=task.retries, stuck=task.stuck
                )
                if again is not None:
                    self.tasks.append(Task((key,), task.retries + 1, again))

    def _write(self, which: int, number: int) -> None:
        try:
            with self.store.begin() as transaction:
                self.writers[which](transaction, number)
                transaction.note(Written(which, number))
        except OutageError:
            return  # to a client, this was an error or no answer


class _TaskWaker:
    """The port Waker: the lanes that are woken at once are one task."""

    def __init__(self, tasks: list[Task]) -> None:
        self._tasks = tasks

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Queue a task for the lanes."""
        _queue(self._tasks, (key for _, key in lanes))

    enqueue = wake_later = wake

    def wake_after(self, lanes: Iterable[Lane], after_s: float) -> None:  # noqa: ARG002 - of the port
        """Queue a task for the lanes: a wake-up may come at any time."""
        self.wake(lanes)

    def clear_flags(self, lanes: Iterable[Lane]) -> None:
        """Do nothing: no lane has a flag."""

    def waiting(self, *, at_most: int) -> int:
        """Return how many tasks wait."""
        return min(at_most, len(self._tasks))


def _queue(tasks: list[Task], keys: Iterable[str]) -> None:
    woken = tuple(sorted(keys))
    if woken:
        tasks.append(Task(woken))


def _place(letter: DeadLetter) -> tuple[int, int]:
    return letter.partition, letter.offset


def _shown(keys: Iterable[str]) -> str:
    return ", ".join(map(repr, keys))


@contextmanager
def without_logs() -> Iterator[None]:
    """Log nothing by structlog: simulated processes would write a hundred thousand lines."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(_: WrappedLogger, __: str, ___: EventDict) -> EventDict:
    raise structlog.DropEvent
