"""Replaying dead letters: how many, at what rate, and which are skipped.

A replay appends the original key and bytes to the end of the record's lane, so its outcome follows
from the current state: a bid on a closed auction is rejected as CLOSED. No dead letter is replayed
twice at the same time, and none that has had its effect: each is locked while it is checked, and
claimed by a row before it is appended. An interrupted run may simply be repeated.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from msgspec import UnsetType

from app.domain.errors import BusyError, UnknownFateError
from app.protocol.dead_letters import (
    ReplayAnswer,
    ReplayRequest,
    ReplayResult,
    ResultWord,
    SkipCode,
)
from app.services.dead_letters import DeadLetterList, DeadLetterSelection
from app.services.log import RecordMetadata, RecordTooLargeError
from app.settings import Limits
from lanes.errors import BadRecordError, FutureVersionError, GoneError
from lanes.handler import LaneTopic
from lanes.ports import Transaction
from lanes.topic import REPLAY_COUNT_HEADER

CANDIDATES = 100  # read at a time
CONNECT_WAIT_S = 5.0

RecordId = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to replay, and who requested it. `limit` does not count skipped ones; `force` lifts the
    limit of replays per record; `per_s` is the rate, the usual one when None."""

    selection: DeadLetterSelection
    requested_by: str
    limit: int | None = None
    force: bool = False
    dry_run: bool = False
    per_s: float | None = None


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


class ReplayStore(Protocol):
    """Stored dead letters and their replays. Methods raise BusyError when the store cannot
    answer."""

    def last_id(self) -> int:
        """Return the id of the newest dead letter; 0 when there is none."""
        ...

    def candidates(
        self, selection: DeadLetterSelection, *, up_to_id: int, after: RecordId | None, limit: int
    ) -> list[tuple[RecordId, int]]:
        """Return record ids and dead letter ids, in log order."""
        ...

    def lock(self, transaction: Transaction, letter_id: int) -> LockedDeadLetter:
        """Lock a dead letter, then read the results of its replays."""
        ...

    def claim(
        self, transaction: Transaction, letter: LockedDeadLetter, *, requested_by: str, forced: bool
    ) -> int:
        """Count and store one more replay, not appended yet; return its id."""
        ...

    def mark_replayed(self, replay_id: int, metadata: RecordMetadata) -> None:
        """Store the position of the replay's record."""

    def release(self, letter: LockedDeadLetter, replay_id: int) -> None:
        """Undo the claim: the record was not appended."""


class ReplayLog(Protocol):
    """Kafka, for records of any bytes."""

    def wait_connected(self, timeout_s: float) -> bool:
        """Return whether there is a connection, now or within `timeout_s`."""
        ...

    def append_again(
        self,
        topic: str,
        partition: int,
        *,
        key: bytes | None,
        value: bytes,
        headers: Mapping[str, str],
    ) -> RecordMetadata:
        """Append and wait. Raise BusyError or RecordTooLargeError (not appended), or
        UnknownFateError (may be appended)."""
        ...


class Replaying:
    """Replays dead letters for the command and the admin API."""

    def __init__(
        self,
        listed: DeadLetterList,
        store: ReplayStore,
        log: ReplayLog,
        *,
        begin: Callable[[], AbstractContextManager[Transaction]],
        lanes: Mapping[str, LaneTopic],
        limits: Limits,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """`clock` returns monotonic seconds, `sleep` waits for seconds; both are for the rate."""
        self._listed, self._store, self._log, self._begin = listed, store, log, begin
        self._lanes, self._limits = lanes, limits
        self._clock, self._sleep = clock, sleep

    def run(self, order: Order) -> Iterator[ReplayResult]:
        """Replay the selection in log order, yielding each result.

        Raise NotFoundError for an id that no dead letter has, and BusyError when a server does not
        answer; end after a replay whose result is unknown. It may be repeated after any of them.
        """
        return self._each(self._start(order), order)

    def replay_request(self, request: ReplayRequest, *, requested_by: str) -> ReplayAnswer:
        """Replay as many as one request may, and return all results.

        Raise as `run`, BusyError only when nothing has been done; and InvalidError.
        """
        ids = () if isinstance(request.ids, UnsetType) else request.ids
        order = Order(
            selection=self._listed.selection(request, ids),
            requested_by=requested_by,
            limit=request.limit,
            force=request.force,
            dry_run=request.dry_run,
        )
        candidates = self._start(order)
        results: list[ReplayResult] = []
        try:
            for result in islice(self._each(candidates, order), self._limits.replays_looked_at_max):
                results.append(result)  # noqa: PERF402 - what was done before an error is kept
            return ReplayAnswer(results, more=next(candidates, None) is not None)
        except BusyError:
            if not results:
                raise
            return ReplayAnswer(results, more=True)

    def _start(self, order: Order) -> Iterator[int]:
        self._listed.refuse_unknown(order.selection)
        if not order.dry_run and not self._log.wait_connected(CONNECT_WAIT_S):
            raise BusyError("the log cannot be reached")
        return self._candidates(order.selection, self._store.last_id())

    def _candidates(self, selection: DeadLetterSelection, last_id: int) -> Iterator[int]:
        """Yield ids up to `last_id`, so that a run does not replay the dead letters it causes."""
        after: RecordId | None = None
        while found := self._store.candidates(
            selection, up_to_id=last_id, after=after, limit=CANDIDATES
        ):
            yield from (letter_id for _, letter_id in found)
            after = found[-1][0]

    def _each(self, candidates: Iterator[int], order: Order) -> Iterator[ReplayResult]:
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

    def _replay_one(self, letter_id: int, order: Order) -> ReplayResult:
        with self._begin() as transaction:
            letter = self._store.lock(transaction, letter_id)
            code = self._skip_code(transaction, letter, order)
            if code is not None:
                return _result(letter, "skipped", code=code)
            if order.dry_run:
                return _result(letter, "would_replay")
            forced = letter.replays >= self._limits.replays_per_record_max
            replay_id = self._store.claim(
                transaction, letter, requested_by=order.requested_by, forced=forced
            )
        return self._append(letter, replay_id)

    def _skip_code(
        self, transaction: object, letter: LockedDeadLetter, order: Order
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
        if lane is not None and not order.selection.names_ids and _is_lost(lane, letter):
            return "GONE"
        return None if letter.topic in self._listed.topics else "UNKNOWN_TOPIC"

    def _append(self, letter: LockedDeadLetter, replay_id: int) -> ReplayResult:
        try:
            metadata = self._log.append_again(
                letter.topic,
                letter.partition,
                key=letter.raw_key,
                value=letter.payload,
                headers={REPLAY_COUNT_HEADER: str(letter.replays + 1)},
            )
        except UnknownFateError:
            return _result(letter, "unknown")
        except RecordTooLargeError:
            self._store.release(letter, replay_id)
            return _result(letter, "skipped", code="TOO_LARGE")
        except BusyError:
            self._store.release(letter, replay_id)
            raise
        self._store.mark_replayed(replay_id, metadata)
        return _result(letter, "replayed", metadata=metadata)


def _is_lost(lane: LaneTopic, letter: LockedDeadLetter) -> bool:
    """Return whether the record names an auction or user lost by a restore: it would only become a
    dead letter again."""
    try:
        lane.check((letter.raw_key or b"").decode(errors="replace"), letter.payload)
    except GoneError:
        return True
    except (BadRecordError, FutureVersionError):
        return False
    return False


def _result(
    letter: LockedDeadLetter,
    result: ResultWord,
    *,
    code: SkipCode | None = None,
    metadata: RecordMetadata | None = None,
) -> ReplayResult:
    return ReplayResult(
        id=letter.id,
        result=result,
        topic=letter.topic,
        replay_count=letter.replays if code else letter.replays + 1,
        code=code,
        again_id=letter.again_id,
        partition=metadata.partition if metadata else None,
        offset=metadata.offset if metadata else None,
    )
