"""Replaying dead letters: how many, at what rate, and which are skipped.

A replay appends the original key, bytes and headers to the end of the record's lane, so its outcome
follows from the current state. No dead letter is replayed twice at the same time, and none that has
had its effect: each is locked while it is checked, and claimed by a row before it is appended. An
interrupted run may simply be repeated.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Literal, Never, Protocol

from lanes.dead_letter_list import DeadLetterList, DeadLetterSelection
from lanes.errors import (
    BadRecordError,
    FutureVersionError,
    GoneError,
    OutageError,
    RecordTooLargeError,
    UnacknowledgedError,
    UnusableDatabaseError,
)
from lanes.handler import LaneTopic
from lanes.ports import Begin, T, T_contra
from lanes.settings import LaneLimits
from lanes.text import Headers, as_text
from lanes.topic import REPLAY_COUNT_HEADER

CANDIDATES = 100  # read at a time

RecordId = tuple[str, int, int]
"""Topic, partition, offset."""

SkipCode = Literal[
    "SETTLED", "GIVEN_UP_AGAIN", "UNDER_WAY", "LIMIT_REACHED", "UNKNOWN_TOPIC", "TOO_LARGE", "GONE"
]  # fmt: skip
"""Why a dead letter is not replayed.

SETTLED: it has had its effect. GIVEN_UP_AGAIN: its replay became the dead letter `again_id`.
UNDER_WAY: the result of its last replay is not known yet. LIMIT_REACHED: it was replayed often
enough. UNKNOWN_TOPIC: its topic is gone. TOO_LARGE: Kafka does not take a record of this size.
GONE: a restore has lost what it names, and it was not named by its id.
"""

ResultWord = Literal["replayed", "would_replay", "skipped", "unknown"]
"""What was done about a dead letter; unknown: Kafka did not acknowledge in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """What to replay, and who requested it. `limit` does not count skipped ones; `force` lifts the
    limit of replays per record; `per_s` is the rate, the usual one when None."""

    selection: DeadLetterSelection
    requested_by: str
    limit: int | None = None
    force: bool = False
    dry_run: bool = False
    per_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What was done about one dead letter. `unknown`: Kafka did not acknowledge in time;
    `partition` and `offset` are the replay's position."""

    id: int
    result: ResultWord
    topic: str
    replay_count: int
    code: SkipCode | None = None
    again_id: int | None = None
    partition: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class LockedDeadLetter:
    """A dead letter that no other transaction can claim.

    `again_id`: the dead letter that a replay of it became. `has_settled`: a replay of it was
    settled. `under_way`: the result of a replay is not known yet.
    """

    id: int
    topic: str
    partition: int
    raw_key: bytes | None
    payload: bytes
    replays: int
    again_id: int | None
    has_settled: bool
    under_way: bool
    headers: Headers = ()


class ReplayStore(Protocol[T_contra]):
    """Stored dead letters and their replays. Methods raise OutageError when the store cannot
    answer."""

    def last_id(self) -> int:
        """Return the id of the newest dead letter; 0 when there is none."""
        ...

    def candidates(
        self, selection: DeadLetterSelection, *, up_to_id: int, after: RecordId | None, limit: int
    ) -> list[tuple[RecordId, int]]:
        """Return record ids and dead letter ids, in log order."""
        ...

    def lock(self, transaction: T_contra, letter_id: int) -> LockedDeadLetter:
        """Lock a dead letter, then read the results of its replays."""
        ...

    def claim(
        self, transaction: T_contra, letter: LockedDeadLetter, *, requested_by: str, forced: bool
    ) -> int:
        """Count and store one more replay, not appended yet; return its id."""
        ...

    def mark_replayed(self, replay_id: int, *, partition: int, offset: int) -> None:
        """Store the position of the replay's record."""

    def release(self, letter: LockedDeadLetter, replay_id: int) -> None:
        """Undo the claim: the record was not appended."""


class ReplayLog(Protocol):
    """Kafka, for records of any bytes."""

    def connect(self) -> None:
        """Connect, unless connected. Raise OutageError."""

    def append(
        self,
        topic: str,
        partition: int,
        *,
        key: bytes | None,
        value: bytes,
        headers: Headers,
    ) -> int:
        """Append and wait; return the offset.

        Raise OutageError or RecordTooLargeError (not appended), or UnacknowledgedError (may be
        appended).
        """
        ...


class Replayer(Generic[T]):
    """Replays dead letters."""

    def __init__(
        self,
        listed: DeadLetterList,
        store: ReplayStore[T],
        log: ReplayLog,
        *,
        begin: Begin[T],
        lanes: Mapping[str, LaneTopic[T]],
        limits: LaneLimits,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """`clock` returns monotonic seconds, `sleep` waits for seconds; both are for the rate."""
        self._listed, self._store, self._log, self._begin = listed, store, log, begin
        self._lanes, self._limits = lanes, limits
        self._clock, self._sleep = clock, sleep

    def run(self, order: ReplayOrder) -> Iterator[ReplayResult]:
        """Replay the selection in log order, yielding each result.

        Raise NotFoundError for an id that no dead letter has, and OutageError when a server does
        not answer; end after a replay whose result is unknown. It may be repeated after any of
        them.
        """
        return self._each(self._start(order), order)

    def run_some(
        self, order: ReplayOrder, *, looked_at_max: int
    ) -> tuple[list[ReplayResult], bool]:
        """As `run`, for at most so many dead letters; return all results, and whether there are
        more.

        Raise as `run`, but OutageError only when nothing has been done.
        """
        candidates = self._start(order)
        results: list[ReplayResult] = []
        try:
            for result in islice(self._each(candidates, order), looked_at_max):
                results.append(result)  # noqa: PERF402 - what was done before an error is kept
            return results, next(candidates, None) is not None
        except (OutageError, UnusableDatabaseError):
            if not results:
                raise
            return results, True

    def _start(self, order: ReplayOrder) -> Iterator[int]:
        self._listed.refuse_unknown(order.selection)
        if not order.dry_run:
            self._log.connect()
        return self._candidates(order.selection, self._store.last_id())

    def _candidates(self, selection: DeadLetterSelection, last_id: int) -> Iterator[int]:
        """Yield ids up to `last_id`, so that a run does not replay the dead letters it causes."""
        after: RecordId | None = None
        while found := self._store.candidates(
            selection, up_to_id=last_id, after=after, limit=CANDIDATES
        ):
            yield from (letter_id for _, letter_id in found)
            after = found[-1][0]

    def _each(self, candidates: Iterator[int], order: ReplayOrder) -> Iterator[ReplayResult]:
        every_s = 1 / (order.per_s or self._limits.replays_per_s)
        left = order.limit
        while left is None or left > 0:
            letter_id = next(candidates, None)
            if letter_id is None:
                return
            started_at = self._clock()
            result = self._replay_one(letter_id, order)
            yield result
            if result.result == "unknown":
                return
            if left is not None and result.result != "skipped":
                left -= 1
            if result.result == "replayed":
                self._sleep(max(0.0, started_at + every_s - self._clock()))

    def _replay_one(self, letter_id: int, order: ReplayOrder) -> ReplayResult:
        with self._begin() as transaction:
            letter = self._store.lock(transaction, letter_id)
            code = self._skip_code(transaction, letter, order)
            if code is not None:
                return _skipped(letter, code)
            if order.dry_run:
                return _result(letter, "would_replay")
            forced = letter.replays >= self._limits.replays_per_record_max
            replay_id = self._store.claim(
                transaction, letter, requested_by=order.requested_by, forced=forced
            )
        return self._append(letter, replay_id)

    def _skip_code(
        self, transaction: T, letter: LockedDeadLetter, order: ReplayOrder
    ) -> SkipCode | None:
        lane = self._lanes.get(letter.topic)
        answered = lane is not None and all(lane.handler.settled(transaction, [letter.payload]))
        if answered or letter.has_settled:
            return "SETTLED"
        if letter.again_id is not None:
            return "GIVEN_UP_AGAIN"
        if letter.under_way:
            return "UNDER_WAY"
        if letter.replays >= self._limits.replays_per_record_max and not order.force:
            return "LIMIT_REACHED"
        if lane is not None and not order.selection.names_ids and _is_gone(lane, letter):
            return "GONE"
        return None if letter.topic in self._listed.topics else "UNKNOWN_TOPIC"

    def _append(self, letter: LockedDeadLetter, replay_id: int) -> ReplayResult:
        try:
            offset = self._log.append(
                letter.topic,
                letter.partition,
                key=letter.raw_key,
                value=letter.payload,
                headers=[
                    *letter.headers,
                    (REPLAY_COUNT_HEADER, str(letter.replays + 1).encode()),
                ],
            )
        except UnacknowledgedError:
            return _result(letter, "unknown")
        except RecordTooLargeError:
            self._store.release(letter, replay_id)
            return _skipped(letter, "TOO_LARGE")
        except OutageError:
            self._store.release(letter, replay_id)
            raise
        self._store.mark_replayed(replay_id, partition=letter.partition, offset=offset)
        return _result(letter, "replayed", offset=offset)


def _is_gone(lane: LaneTopic[Never], letter: LockedDeadLetter) -> bool:
    """Return whether a restore has lost what the record names: it would only become a dead letter
    again."""
    try:
        lane.check(as_text(letter.raw_key or b""), letter.payload)
    except GoneError:
        return True
    except (BadRecordError, FutureVersionError):
        return False
    return False


def _skipped(letter: LockedDeadLetter, code: SkipCode) -> ReplayResult:
    return ReplayResult(
        id=letter.id,
        result="skipped",
        topic=letter.topic,
        replay_count=letter.replays,
        code=code,
        again_id=letter.again_id,
    )


def _result(
    letter: LockedDeadLetter, result: ResultWord, *, offset: int | None = None
) -> ReplayResult:
    return ReplayResult(
        id=letter.id,
        result=result,
        topic=letter.topic,
        replay_count=letter.replays + 1,
        partition=None if offset is None else letter.partition,
        offset=offset,
    )
