"""I2 of any lane topic, and the pass over its log on which the owner of the topic looks, too."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from app.adapters.postgres.auditing import PostgresLaneRows
from app.services.auditing.ports import (
    Examination,
    LaneAudit,
    LogReader,
    LogRecord,
    Place,
    Scope,
    Selection,
)
from app.services.auditing.tallies import Tally
from app.services.lanes import LaneTopic
from bridge.audit.places import Stored, places

PLACES_AT_ONCE = 2_000
CLOCKS_APART_MAX = timedelta(hours=1)  # the broker's, and that by which a selection begins


class LogAudit:
    """Audits the log of one lane topic, partition by partition, up to its progress."""

    def __init__(
        self, lane: LaneTopic, audit: LaneAudit, *, log: LogReader, rows: PostgresLaneRows
    ) -> None:
        self._lane, self._audit, self._log, self._rows = lane, audit, log, rows

    def run(self, examination: Examination) -> None:
        """Judge every record taken, and give every place to the topic's owner."""
        topic, transaction = self._lane.topic, examination.transaction
        selection = examination.selections[topic.name]
        progress = self._rows.progress(transaction, topic.name)
        for partition, (first, start, end) in self._spans(examination).items():
            # Records that were never taken are nobody's yet.
            until = min(progress.get(partition, first), end)
            found = self._places(examination, partition, start, until)
            self._judge(examination, found)
            self._audit.end_partition(transaction)
        self._audit.end(transaction, selection)

    def _spans(self, examination: Examination) -> dict[int, tuple[int, int, int]]:
        """Per partition the first offset there is, where to start, and the end."""
        topic = self._lane.topic
        bounds = self._log.bounds(topic)
        begins_at = _begins_at(examination.scope, examination.selections[topic.name])
        starts = {partition: first for partition, (first, _) in bounds.items()}
        if begins_at is not None:
            starts = self._log.offsets_at(topic, begins_at - CLOCKS_APART_MAX)
        return {
            partition: (first, starts[partition], end) for partition, (first, end) in bounds.items()
        }

    def _places(
        self, examination: Examination, partition: int, start: int, until: int
    ) -> Iterator[Place]:
        topic, transaction = self._lane.topic, examination.transaction
        selection = examination.selections[topic.name]
        lanes = Selection() if examination.scope.all_since is not None else selection
        at = {"partition": partition, "first": start}
        stored = Stored(
            self._audit.traces(transaction, **at, selection=selection),
            waiting=self._rows.waiting(transaction, topic.name, **at, lanes=lanes),
            dead=self._rows.dead(transaction, topic.name, **at, lanes=lanes),
        )
        records = self._records(examination, partition, start, until)
        return places((topic.name, partition), records, stored)

    def _records(
        self, examination: Examination, partition: int, start: int, until: int
    ) -> Iterator[LogRecord]:
        """Those of the selected lanes, and every later one than the moment asked for."""
        topic, since = self._lane.topic, examination.scope.all_since
        selection = examination.selections[topic.name]
        if since is None and selection.lanes is not None:
            homes = {self._log.partition_of(topic, lane) for lane in selection.lanes}
            until = until if partition in homes else start
        for record in self._log.read(topic.name, partition, first=start, until=until):
            if record.lane in selection or (since is not None and record.log_time >= since):
                yield record

    def _judge(self, examination: Examination, found: Iterator[Place]) -> None:
        whole = examination.selections[self._lane.topic.name].lanes is None
        while batch := list(islice(found, PLACES_AT_ONCE)):
            for place in batch:
                _judge_place(examination.tallies["I2"], place, whole=whole)
                judge_clock(examination.tallies["I15"], place)
            self._audit.see(examination.transaction, batch)


def _begins_at(scope: Scope, selection: Selection) -> datetime | None:
    moments = [moment for moment in (selection.begins_at, scope.all_since) if moment is not None]
    return min(moments, default=None)


def judge_clock(tally: Tally, place: Place) -> None:
    """Whatever was settled was settled by the broker's clock (I15)."""
    record = place.record
    if record is None or record.is_stamped_by_broker:
        return
    if any(trace.kind == "effect" for trace in place.traces):
        tally.judge(False, f"{place} was settled by its producer's clock")  # noqa: FBT003


def _judge_place(tally: Tally, place: Place, *, whole: bool) -> None:
    where = [trace.table for trace in place.traces if trace.kind == "effect"]
    failed = any(trace.kind == "failure" for trace in place.traces)
    where += ["inbox_waiting"] * place.waits + ["dead_letters"] * place.is_dead
    if place.record is None:
        _judge_stray(tally, place, where, whole=whole)
        return
    tally.checked += 1
    if failed and not place.is_dead:
        tally.violation(f"{place} failed, and is in no dead letter")
    elif len(where) != 1:
        lane = f"{place} lane {place.record.lane}"
        tally.violation(f"{lane} is in {' and '.join(where) if where else 'no place at all'}")


def _judge_stray(tally: Tally, place: Place, where: list[str], *, whole: bool) -> None:
    """What settling left without a record is its owner's to judge."""
    if whole and (place.waits or place.is_dead):
        tally.violation(f"{place} is in {where[-1]}, and is no record below progress")
