"""I2 of any lane topic, in one pass over its log that the topic's own audit shares."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Generic

from lanes.audit.entries import Stored, entries
from lanes.audit.ports import (
    AuditContext,
    LaneAudit,
    LaneRows,
    LogEntry,
    LogReader,
    LogRecord,
    Scope,
    Selection,
)
from lanes.audit.results import CheckResult
from lanes.handler import LaneTopic
from lanes.ports import T

BATCH_ENTRIES = 2_000
SETTLED = "what its lane has settled"
CLOCKS_APART_MAX = timedelta(hours=1)  # the broker's, and that by which a selection begins


class LogAudit(Generic[T]):
    """Audits the log of one lane topic, partition by partition, up to its progress."""

    def __init__(
        self, lane: LaneTopic[T], audit: LaneAudit[T], *, log: LogReader, rows: LaneRows[T]
    ) -> None:
        self._lane, self._audit, self._log, self._rows = lane, audit, log, rows

    def run(self, context: AuditContext[T]) -> None:
        """Check every ingested record, and pass each entry to the topic's owner."""
        topic, transaction = self._lane.topic, context.transaction
        selection = context.selections[topic.name]
        progress = self._rows.progress(transaction, topic.name)
        for partition, (first, start, end) in self._spans(context).items():
            # Records that are not ingested yet need no place.
            until = min(progress.get(partition, first), end)
            found = self._entries(context, partition, start, until)
            self._check_entries(context, found)
            self._audit.end_partition(transaction)
        self._audit.end(transaction, selection)

    def _spans(self, context: AuditContext[T]) -> dict[int, tuple[int, int, int]]:
        """Return by partition the first offset, the offset to start from, and the end."""
        topic = self._lane.topic
        bounds = self._log.bounds(topic)
        begins_at = _begins_at(context.scope, context.selections[topic.name])
        starts = {partition: first for partition, (first, _) in bounds.items()}
        if begins_at is not None:
            starts = self._log.offsets_at(topic, begins_at - CLOCKS_APART_MAX)
        return {
            partition: (first, starts[partition], end) for partition, (first, end) in bounds.items()
        }

    def _entries(
        self, context: AuditContext[T], partition: int, start: int, until: int
    ) -> Iterator[LogEntry]:
        topic, transaction = self._lane.topic, context.transaction
        selection = context.selections[topic.name]
        lanes = Selection() if context.scope.all_since is not None else selection
        at = {"partition": partition, "first": start}
        stored = Stored(
            self._audit.stored_rows(transaction, **at, selection=selection),
            waiting=self._rows.waiting(transaction, topic.name, **at, lanes=lanes),
            dead_letters=self._rows.dead_letters(transaction, topic.name, **at, lanes=lanes),
        )
        records = self._records(context, partition, start, until)
        return entries((topic.name, partition), records, stored)

    def _records(
        self, context: AuditContext[T], partition: int, start: int, until: int
    ) -> Iterator[LogRecord]:
        """Yield the records of the selected lanes, and every record later than the scope's
        moment."""
        topic, since = self._lane.topic, context.scope.all_since
        selection = context.selections[topic.name]
        if since is None and selection.lanes is not None:
            partitions = {self._log.partition_of(topic, lane) for lane in selection.lanes}
            until = until if partition in partitions else start
        for record in self._log.read(topic.name, partition, first=start, until=until):
            if record.lane in selection or (since is not None and record.log_time >= since):
                yield record

    def _check_entries(self, context: AuditContext[T], found: Iterator[LogEntry]) -> None:
        whole = context.selections[self._lane.topic.name].lanes is None
        while batch := list(islice(found, BATCH_ENTRIES)):
            for entry in batch:
                is_settled = entry.record is not None and self._audit.is_settled(entry)
                _check_entry(context.results["I2"], entry, whole=whole, is_settled=is_settled)
                check_clock(context.results["I15"], entry)
            self._audit.check_batch(context.transaction, batch)


def _begins_at(scope: Scope, selection: Selection) -> datetime | None:
    moments = [moment for moment in (selection.begins_at, scope.all_since) if moment is not None]
    return min(moments, default=None)


def check_clock(result: CheckResult, entry: LogEntry) -> None:
    """Check that a settled record has the broker's timestamp (I15)."""
    record = entry.record
    if record is None or record.is_stamped_by_broker:
        return
    if any(stored_row.kind == "effect" for stored_row in entry.stored_rows):
        result.check(False, f"{entry} was settled by its producer's clock")  # noqa: FBT003


def _check_entry(result: CheckResult, entry: LogEntry, *, whole: bool, is_settled: bool) -> None:
    where = [stored_row.table for stored_row in entry.stored_rows if stored_row.kind == "effect"]
    failed = any(stored_row.kind == "failure" for stored_row in entry.stored_rows)
    where += [SETTLED] * is_settled
    where += ["inbox_waiting"] * entry.waits + ["dead_letters"] * entry.is_dead_letter
    if entry.record is None:
        _check_orphan(result, entry, where, whole=whole)
        return
    result.checked += 1
    if failed and not entry.is_dead_letter:
        result.violation(f"{entry} failed, and is in no dead letter")
    elif len(where) != 1:
        lane = f"{entry} lane {entry.record.lane}"
        result.violation(f"{lane} is in {' and '.join(where) if where else 'no place at all'}")


def _check_orphan(result: CheckResult, entry: LogEntry, where: list[str], *, whole: bool) -> None:
    """Check an entry without a record; rows of the topic's owner are checked by its own audit."""
    if whole and (entry.waits or entry.is_dead_letter):
        result.violation(f"{entry} is in {where[-1]}, and is no record below progress")
