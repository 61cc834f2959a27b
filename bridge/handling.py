"""Having the effect of records that are no lane's: each at least once, in order by partition.

What nobody can read, or a store refuses for good, becomes a dead letter, and the rest goes on;
when that happens too often, or only newer code could read a record, its partition is parked in
front of it. Everything else that fails is an outage: it is raised, and tried again without
counting. No Kafka in here, and no store but through ports.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from app.services.dead_letter_limits import (
    FUTURE_VERSION,
    HANDLER_ERROR,
    TOO_MANY,
    DeadLetterLimit,
    log_dead_letter,
    log_parked,
)
from app.services.lanes import (
    BadDataError,
    BadRecordError,
    Begin,
    DeadLetter,
    DeadLetters,
    FutureVersionError,
    OutageError,
    Parking,
)
from app.services.transactions import Transaction
from bridge.records import RawRecord, Refusal, dead_letter

R = TypeVar("R")

Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class HandlingPorts:
    """Where records are given up, and how many may be."""

    begin: Begin
    dead_letters: DeadLetters
    dead_letter_limit: DeadLetterLimit


class Effect(Protocol[R]):
    """What a consumer group does with records."""

    group: str

    def read(self, raw: RawRecord) -> R:
        """What the record says. Raises BadRecordError and FutureVersionError."""
        ...

    def handle(self, items: Sequence[R]) -> None:
        """Have the effect of these, in this order by partition; a repeat changes nothing.

        Raises BadDataError when the store refuses one of them for good.
        """
        ...


@dataclass(slots=True)
class Handling(Generic[R]):
    """One member of a group; after any failure a new one takes its place."""

    effect: Effect[R]
    ports: HandlingPorts
    parked: Set[Place] = frozenset()
    _waiting: dict[Place, int] = field(default_factory=dict)

    def handle(self, batches: Mapping[Place, Sequence[RawRecord]]) -> dict[Place, int]:
        """Handle what is not parked; by partition, the first offset that was not handled."""
        for place in batches.keys() & self.parked:
            self._waiting.setdefault(place, batches[place][0].offset)
        wanted = {place: batch for place, batch in batches.items() if place not in self.parked}
        try:
            self.effect.handle([self.effect.read(raw) for one in wanted.values() for raw in one])
        except (BadRecordError, BadDataError, FutureVersionError):
            return {place: self._one_by_one(place, batch) for place, batch in wanted.items()}
        return {place: batch[-1].offset + 1 for place, batch in wanted.items()}

    def forget(self, places: Iterable[Place]) -> None:
        """Remember nothing of partitions that the group gave to another."""
        for place in places:
            self._waiting.pop(place, None)

    def look_at_parked(self, *, must_know: bool) -> dict[Place, int]:
        """See what a person has done meanwhile; by freed partition, where to read on.

        Raises OutageError if it must know: unless it does, what was parked stays so.
        """
        try:
            with self.ports.begin() as transaction:
                self.parked = self._read_parked(transaction)
        except OutageError:
            if must_know:
                raise
        freed = self._waiting.keys() - self.parked
        return {place: self._waiting.pop(place) for place in freed}

    def _one_by_one(self, place: Place, batch: Sequence[RawRecord]) -> int:
        for raw in batch:
            if not self._is_done_with(raw):
                self.parked = self.parked | {place}
                self._waiting[place] = raw.offset
                return raw.offset
        return batch[-1].offset + 1

    def _is_done_with(self, raw: RawRecord) -> bool:
        """Whether the record was handled or given up; if not, its partition is parked."""
        try:
            self.effect.handle([self.effect.read(raw)])
        except FutureVersionError as error:
            return self._park(raw, Parking(FUTURE_VERSION, str(error)))
        except BadRecordError as error:
            return self._give_up(self._letter(raw, error.reason, error))
        except BadDataError as error:
            return self._give_up(self._letter(raw, HANDLER_ERROR, error))
        return True

    def _letter(self, raw: RawRecord, reason: str, error: Exception) -> DeadLetter:
        return dead_letter(raw, Refusal(self.effect.group, reason, error))

    def _give_up(self, letter: DeadLetter) -> bool:
        with self.ports.begin() as transaction:
            has_room = self._has_room(transaction, letter)
            if has_room:
                self.ports.dead_letters.add(transaction, [letter])
        if not has_room:
            return self._park(letter, Parking(TOO_MANY, f"{letter.reason}: {letter.message}"))
        log_dead_letter(letter)
        return True

    def _has_room(self, transaction: Transaction, letter: DeadLetter) -> bool:
        recent = self.ports.dead_letters.count_recent(
            transaction,
            topic=letter.topic,
            key=None,
            partition=letter.partition,
            within_s=self.ports.dead_letter_limit.window_s,
        )
        return self.ports.dead_letter_limit.partition_quota(recent) > 0

    def _park(self, record: RawRecord | DeadLetter, parking: Parking) -> bool:
        with self.ports.begin() as transaction:
            is_new = self.ports.dead_letters.park_partition(
                transaction,
                group=self.effect.group,
                topic=record.topic,
                partition=record.partition,
                parking=parking,
            )
        if is_new:
            log_parked(record.topic, parking, partition=record.partition, group=self.effect.group)
        return False

    def _read_parked(self, transaction: Transaction) -> set[Place]:
        return self.ports.dead_letters.parked_partitions(transaction, group=self.effect.group)
