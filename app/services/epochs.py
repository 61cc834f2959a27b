"""Epochs of the database, and the guard that refuses a database older than Kafka.

Restoring PostgreSQL rolls back sequences of ids: the next owner of an id would have a lost user's
tokens, and old bids would land on another auction. So each process checks a database it does not
know against Kafka and Redis before it uses it; `python -m app.admin after-restore` begins a new
epoch in which no id is used twice and no old token is valid.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from app.domain.errors import BusyError, UnavailableError
from lanes import Topic, UnusableDatabaseError

INSPECT_AGAIN_S = 1.0  # after a look that found it older, or could not be had

USERS, AUCTIONS = "users", "auctions"  # the kinds of ids that `LostIds` speaks of

REMEDY = "run `python -m app.admin after-restore` (docs/backup.md)"
NOT_ADMITTED = (
    "no bridge and no gateway has said yet that the database is not older than the log; where they "
    f"refuse it, {REMEDY}"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LostIds:
    """The ids that restores have lost, by kind, as ranges from first to last."""

    ranges: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)

    def has(self, kind: str, number: int) -> bool:
        """Return whether this id was lost."""
        return any(first <= number <= last for first, last in self.ranges.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch as stored in a database.

    `server` identifies the running server; `admitted` is the server that was last found to be no
    older than Kafka. `published` holds, by partition, the end of `auction-event` when the epoch
    began: earlier records are ignored by the check.
    """

    name: str
    server: str
    admitted: str | None
    lost_ids: LostIds
    published: Mapping[int, int]


class Database(Protocol):
    """The reads that tell whether a database is older than Kafka."""

    def epoch(self) -> Epoch:
        """Return the newest epoch."""
        ...

    def record_admitted(self, epoch: Epoch) -> None:
        """Store that other processes may admit this server without a check while it runs and takes
        writes."""

    def progress(self, topic: str) -> dict[int, int]:
        """Return by partition the next offset to ingest."""
        ...

    def versions(self, auction_ids: Collection[int]) -> dict[int, int]:
        """Return the versions of those auctions that exist."""
        ...

    def last_user_id(self) -> int:
        """Return the greatest user id ever assigned; 0 before the first."""
        ...


class OlderDatabaseError(UnavailableError, UnusableDatabaseError):
    """The database is older than Kafka: it was restored, and must not be used yet."""


Comparison = Callable[[Database], str | None]
"""Says how a database is older than what was seen; None when it is not."""

FreshnessCheck = Callable[[Epoch], Comparison]
"""Asks others what they remember, before the database is asked for the same: what both count only
grows. Raises BusyError when they do not answer."""


class DatabaseGuard:
    """Admits the databases this process may use.

    Thread-safe. A server that any process has admitted is not checked again while it runs.
    """

    def __init__(
        self,
        checks: Sequence[FreshnessCheck] | None,
        *,
        trusts_others: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """With None for `checks` every database is admitted; with no checks, those that another
        process has admitted."""
        self._checks, self._trusts_others, self._clock = checks, trusts_others, clock
        self._lock = threading.Lock()
        self._epoch: Epoch | None = None
        self._refusal: BusyError | None = None
        self._inspected_at = 0.0

    @property
    def epoch(self) -> Epoch:
        """The epoch of the database admitted last. Raise OlderDatabaseError when the current
        database is older than Kafka, and BusyError before the first check."""
        if isinstance(self._refusal, OlderDatabaseError):
            raise self._refusal
        if self._epoch is None:
            raise self._refusal or UnavailableError("the database has not been looked at yet")
        return self._epoch

    @property
    def lost_ids(self) -> LostIds:
        """The ids that restores have lost; empty before the first check."""
        return LostIds() if self._epoch is None else self._epoch.lost_ids

    def check(self) -> None:
        """As `epoch`, but raise nothing where every database is admitted."""
        if self._checks is not None:
            _ = self.epoch

    def admit(self, database: Database) -> None:
        """Return when this database may be used.

        Raise OlderDatabaseError when it is older than Kafka, and BusyError when Kafka or Redis does
        not answer.
        """
        found = database.epoch()
        known = self._epoch
        if known is not None and (known.server, known.name) == (found.server, found.name):
            return
        with self._lock:
            if self._refusal is not None and self._clock() - self._inspected_at < INSPECT_AGAIN_S:
                raise self._refusal
            self._inspect(database, found)

    def _inspect(self, database: Database, found: Epoch) -> None:
        is_admitted = self._checks is None or (
            self._trusts_others and found.admitted == found.server
        )
        if not is_admitted:
            try:
                self._compare_with_others(database, found)
            except BusyError as error:
                self._refuse(error)
                raise
            database.record_admitted(found)
        if self._epoch is not None and self._epoch.name != found.name:
            log.warning("epoch_changed", epoch=found.name)
        self._epoch, self._refusal = found, None

    def _compare_with_others(self, database: Database, found: Epoch) -> None:
        if not self._checks:
            raise UnavailableError(NOT_ADMITTED)
        for read_memory in self._checks:
            reason = read_memory(found)(database)
            if reason is not None:
                raise OlderDatabaseError(f"the database is older than the log: {reason}; {REMEDY}")

    def _refuse(self, error: BusyError) -> None:
        is_new = str(self._refusal) != str(error)
        self._refusal, self._inspected_at = error, self._clock()
        if not is_new:
            return
        if isinstance(error, OlderDatabaseError):
            log.error("database_older_than_log", reason=str(error))
        else:
            log.warning("database_not_admitted", reason=str(error))


class LogMemory(Protocol):
    """What Kafka knows about the database. Methods raise BusyError."""

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """Return by partition the offset the group has committed."""
        ...

    def last_published(self) -> dict[int, tuple[int, int, int]]:
        """Return by partition of `auction-event` the offset, auction id and version of its last
        record."""
        ...


def committed_ahead(memory: LogMemory, *, group: str, topic: Topic) -> FreshnessCheck:
    """Check that the group's committed offsets do not pass progress (I12)."""

    def read_others(_: Epoch) -> Comparison:
        committed = memory.committed(group, topic)

        def compare(database: Database) -> str | None:
            progress = database.progress(topic.name)
            for partition, offset in sorted(committed.items()):
                next_offset = progress.get(partition, 0)
                if offset > next_offset:
                    record = f"{topic.name}/{partition}"
                    return f"{record} was taken up to {offset}, progress is {next_offset}"
            return None

        return compare

    return read_others


def published_ahead(memory: LogMemory) -> FreshnessCheck:
    """Check that every published version of an auction is committed."""

    def read_others(epoch: Epoch) -> Comparison:
        seen = {
            auction_id: version
            for partition, (offset, auction_id, version) in memory.last_published().items()
            if offset >= epoch.published.get(partition, 0)
        }

        def compare(database: Database) -> str | None:
            versions = database.versions(seen) if seen else {}
            for auction_id, version in sorted(seen.items()):
                if auction_id not in versions:
                    return f"auction {auction_id} was published and is in no row"
                if versions[auction_id] < version:
                    stored = versions[auction_id]
                    return (
                        f"auction {auction_id} was published with version {version}, not {stored}"
                    )
            return None

        return compare

    return read_others


def signed_in_ahead(last_signed_in: Callable[[str], int]) -> FreshnessCheck:
    """Check that every user who has signed in exists. `last_signed_in` returns the greatest user id
    of an epoch's sessions, 0 when there is none."""

    def read_others(epoch: Epoch) -> Comparison:
        seen = last_signed_in(epoch.name)

        def compare(database: Database) -> str | None:
            last_id = database.last_user_id()
            return (
                f"user {seen} has signed in, the last one is {last_id}" if seen > last_id else None
            )

        return compare

    return read_others
