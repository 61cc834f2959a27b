"""An auction house in memory: its log, its owners of partitions, its workers, what befalls them.

Everything that decides what becomes of a record is the platform's own code: `Ingestor`, `Attempts`,
`LaneSettler`, `DeadLetterWriter`, `AuctionLane`. Here are only the log, the stores and the chance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.domain.auction import open_auction
from app.domain.records import Record
from app.domain.rules import Rules
from app.domain.terms import Offer, SoftClose, make_terms
from app.domain.time import from_epoch_ms
from app.protocol.topics import AUCTION_BID, INGEST_GROUP
from app.services import settling
from app.services.settling import AuctionLane, Loaded
from lanes.attempts import Attempts
from lanes.bounds import Bounds
from lanes.checking import Sizes
from lanes.dead_letter import DeadLetter
from lanes.dead_letters import DeadLetterWriter
from lanes.errors import OutageError
from lanes.handler import LaneTopic, Settlement
from lanes.ingest import Ingestor, IngestorPorts
from lanes.policy import DeadLetterLimit
from lanes.record import InboxRecord, RawRecord, RecordsByKey
from lanes.settle import LaneSettler
from lanes.topic import Topic
from lanes.wake import Lane
from tests.simulation.ports import MemoryAuctions, MemoryPorts
from tests.simulation.processes import Process, pause
from tests.simulation.store import Store

NOW = from_epoch_ms(1_795_435_200_000)
PARTITIONS = 2
AUCTIONS = (1, 2, 3)
UNKNOWN_AUCTION = 99
SELLER = 100
LASTS_S = 120
BATCH, RETRIES, WORKERS = 6, 2, 4
DEAD_LETTER_LIMIT = DeadLetterLimit(per_lane=3, per_partition=5, window_s=60)
POISON = "poison"
TOPIC_ID = "made-once"


@dataclass(frozen=True, slots=True)
class Task:
    """A task on its way to a worker."""

    keys: tuple[str, ...]
    retries: int = 0
    stuck: frozenset[int] | None = None


class FaultyLane(AuctionLane):
    """Auctions; while `is_broken` nothing named as poison can be decided."""

    is_broken = True

    def settle(
        self, transaction: object, state: Sequence[Loaded], lanes: RecordsByKey
    ) -> list[Settlement]:
        records = [record for batch in lanes.values() for record in batch]
        if self.is_broken and any(POISON in record.payload for record in records):
            raise ZeroDivisionError
        return super().settle(transaction, state, lanes)


class Simulation:
    """Everything. Its methods are what can happen."""

    def __init__(self) -> None:
        self.store, self.ports = Store(), MemoryPorts()
        self.log: list[list[RawRecord]] = [[] for _ in range(PARTITIONS)]
        self.now = NOW
        self.handler = FaultyLane(MemoryAuctions(), notify=lambda: None)
        self.lane = LaneTopic(
            topic=Topic(AUCTION_BID.name, PARTITIONS),
            group=INGEST_GROUP,
            queue="bids",
            check=settling.check,
            identify=settling.identify,
            handler=self.handler,
        )
        self.settler = self._settler()
        self.attempts = Attempts(self.settler, RETRIES)
        self.owners: list[Process] = []
        self.workers: list[Process] = []
        self.tasks: list[Task] = []
        for auction_id in AUCTIONS:
            self.store.rows("auctions")[auction_id] = _auction(auction_id)
        self._assign(range(PARTITIONS))

    # The world outside.

    def append(self, key: bytes | None, value: bytes, replays: int = 0) -> None:
        """A record reaches the log."""
        partition = sum(key or b"") % PARTITIONS
        log = self.log[partition]
        place = (AUCTION_BID.name, partition, len(log))
        log.append(RawRecord(*place, key, value, self.now, replays))

    def replay(self, which: int) -> None:
        """An operator puts a dead letter into the log again, unless it has had its effect."""
        letters: list[tuple[DeadLetter, float]] = list(self.store.rows("dead_letters").values())
        self.store.refusals, self.store.loses_commit_answer = 0, False
        for letter, _ in letters[which % max(1, len(letters)) :][:1]:
            with self.store.begin() as transaction:
                (is_settled,) = self.handler.settled(transaction, [letter.payload])
            if not is_settled:
                self.append(letter.raw_key, letter.payload, letter.replays + 1)

    def break_code(self, _: int) -> None:
        """The code is broken (again)."""
        self.handler.is_broken = True

    def repair_code(self, _: int = 0) -> None:
        """The code is mended, and an operator frees everything that was parked."""
        self.handler.is_broken = False
        self.store.rows("parked_partitions").clear()
        for _, key in list(self.store.rows("parked_lanes")):
            for place, record in self.store.rows("inbox").items():
                if record.key == key:
                    self.store.rows("inbox")[place] = replace(record, attempts=0)
        self.store.rows("parked_lanes").clear()

    # Faults.

    def move_clock(self, which: int) -> None:
        """The broker's clock goes on, or steps back."""
        self._pass_time((-3, 1, 20, 61)[which % 4])

    def rebalance(self, which: int) -> None:
        """The group gives partitions to a new owner; an old one may not know of it yet."""
        self._assign(((0,), (1,), (0, 1))[which % 3])

    def kill(self, which: int) -> None:
        """SIGKILL a process."""
        processes = [*self.workers, *self.owners]
        for process in processes[which % max(1, len(processes)) :][:1]:
            process.kill()
        self._drop_dead_processes()

    def refuse(self, which: int) -> None:
        """The store refuses some statements."""
        self.store.refusals = 1 + which % 6

    def lose_commit_answer(self, _: int) -> None:
        """The connection breaks at the next commit, after it."""
        self.store.loses_commit_answer = True

    def lose_task(self, which: int) -> None:
        """A task is lost."""
        if self.tasks:
            del self.tasks[which % len(self.tasks)]

    def repeat_task(self, which: int) -> None:
        """A task comes twice."""
        self.tasks += self.tasks[which % max(1, len(self.tasks)) :][:1]

    # Processes.

    def run_step(self, chance: int) -> None:
        """A process does a few steps, or a worker takes one of the tasks, in no order."""
        processes = [*self.owners, *self.workers]
        if self.tasks and len(self.workers) < WORKERS and chance % 4 == 0:
            self._deliver(self.tasks.pop(chance % len(self.tasks)))
        elif processes:
            process = processes[chance % len(processes)]
            for _ in range(1 + chance % 17):
                process.step()
        self._drop_dead_processes()

    def sweep(self, _: int = 0) -> None:
        """Wake every lane that waits, all in one task."""
        waiting = {record.key for record in self.store.rows("inbox").values()}
        parked = {key for _, key in self.store.rows("parked_lanes")}
        self._wake(waiting - parked)

    def finish(self) -> None:
        """Faults end, code is mended, processes run to their end; nothing may wait after it."""
        self.store.refusals, self.store.loses_commit_answer = 0, False
        self.repair_code()
        for owner in self.owners:
            owner.kill()
        self.owners = []
        self._assign(range(PARTITIONS))
        for _ in range(400):
            self.repair_code()
            self._round()
            result = self.store.rows("progress")
            behind = any(
                result.get((AUCTION_BID.name, part), (0, ""))[0] < len(self.log[part])
                for part in range(PARTITIONS)
            )
            if not behind and not self.store.rows("inbox"):
                return
        raise AssertionError(f"I4: still waiting: {self.store.rows('inbox')}")

    def _round(self) -> None:
        if not self.tasks:
            self.sweep()
        for task in self.tasks:
            self._deliver(task)
        self.tasks = []
        for process in [*self.owners, *self.workers]:
            for _ in range(60):
                process.step()
        self._drop_dead_processes()
        self._pass_time(DEAD_LETTER_LIMIT.window_s)

    def _pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ports.now += max(0.0, seconds)

    def _assign(self, partitions: Iterable[int]) -> None:
        given = frozenset(partitions)
        self.owners.append(Process(f"owner {sorted(given)}", lambda: self._own(given)))

    def _deliver(self, task: Task) -> None:
        self.workers.append(Process(f"worker {task.keys}", lambda: self._work(task)))

    def _wake(self, keys: Iterable[str]) -> None:
        woken = tuple(sorted(keys))
        self.tasks += [Task(woken)] if woken else []

    def _drop_dead_processes(self) -> None:
        self.owners = [owner for owner in self.owners if owner.is_alive]
        self.workers = [worker for worker in self.workers if worker.is_alive]

    def _own(self, partitions: frozenset[int]) -> None:
        """What the ingest pipeline does around `Ingestor`; after a failure it begins anew."""
        ports = IngestorPorts(
            begin=self.store.begin,
            inbox_writer=self.ports,
            dead_letters=self.ports,
            sizes=Sizes(key_bytes_max=100, value_bytes_max=1_000),
            dead_letter_limit=DEAD_LETTER_LIMIT,
        )
        while True:
            ingestor = Ingestor(self.lane, ports, topic_id=TOPIC_ID)
            try:
                ingestor.start(partitions, self._bounds)
                while True:
                    self._ingest_batch(ingestor)
            except OutageError:
                pause()

    def _ingest_batch(self, ingestor: Ingestor) -> None:
        pause()
        ingestor.refresh_parked()
        batches = {
            part: batch
            for part, at in ingestor.positions.items()
            if part not in ingestor.parked and (batch := self.log[part][at : at + BATCH])
        }
        if not batches:
            return
        result = ingestor.ingest(batches)
        self._wake({record.key for record in result.records})
        if result.lost:
            ingestor.start(result.lost, self._bounds)

    def _bounds(self, partitions: Iterable[int]) -> dict[int, Bounds]:
        return {part: Bounds(0, len(self.log[part])) for part in partitions}

    def _work(self, task: Task) -> None:
        """What the Celery task does around `LaneSettler` and `Attempts`."""
        for key in self.settler.settle_together(self.lane, task.keys):
            try:
                again = self.attempts.attempt(
                    self.lane, key, retries=task.retries, stuck=task.stuck
                )
            except OutageError:
                continue
            if again is not None:
                self.tasks.append(Task((key,), task.retries + 1, again))

    def _settler(self) -> LaneSettler:
        dead_letter_writer = DeadLetterWriter(
            begin=self.store.begin,
            lanes=self.ports,
            dead_letters=self.ports,
            dead_letter_limit=DEAD_LETTER_LIMIT,
            batch_max=BATCH,
        )
        return LaneSettler(
            begin=self.store.begin,
            lanes=self.ports,
            dead_letter_writer=dead_letter_writer,
            batch_max=BATCH,
            turn_s=60,
            again=self._queue,
            busy=self._queue,
        )

    def _queue(self, lanes: Iterable[Lane]) -> None:
        self._wake(key for _, key in lanes)


def settled_records(simulation: Simulation, auction_id: int) -> list[Record]:
    """The records of an auction that have had their effect, as the log has them, in its order."""
    decided = {
        (row.partition, row.offset)
        for row in simulation.store.rows("bids").values()
        if row.status != "failed"
    }
    decided |= {(part, offset) for _, part, offset in simulation.store.rows("decisions")}
    return [
        settling.decode(_inbox_record(raw))
        for log in simulation.log
        for raw in log
        if raw.key == b"%d" % auction_id and (raw.partition, raw.offset) in decided
    ]


def _inbox_record(raw: RawRecord) -> InboxRecord:
    payload = (raw.value or b"").decode()
    key = (raw.key or b"").decode()
    return InboxRecord(raw.topic, raw.partition, raw.offset, key, payload, raw.log_time)


def _auction(auction_id: int) -> object:
    offer = Offer(
        currency="KRW",
        starting_price=1_000,
        ends_at=NOW + timedelta(seconds=LASTS_S),
        reserve_price=None if auction_id == 1 else 8_000,
        buy_now_price=90_000 if auction_id == 3 else None,
        soft_close=SoftClose(10, 10, 3),
    )
    terms = make_terms(offer, auction_id=auction_id, seller_id=SELLER, now=NOW, rules=Rules())
    return open_auction(terms)
