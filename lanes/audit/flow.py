"""The audit's checks of the platform beside its log: no record waits too long (I4), no message
stays unsent (I11), and committed offsets do not pass progress (I12)."""

from collections.abc import Iterable
from typing import Never

from lanes.audit.ports import AuditContext, LaneRows, LogReader, Selection
from lanes.handler import LaneTopic
from lanes.ports import T

WAITING_S_MAX = 30.0  # I4
UNPUBLISHED_S_MAX = 5.0  # I11


def check_waiting(context: AuditContext[T], lane: LaneTopic[T], rows: LaneRows[T]) -> None:
    """I4: no ingested record waits too long, except in parked lanes, which are listed."""
    result, transaction = context.results["I4"], context.transaction
    topic, lanes = lane.topic.name, context.selections[lane.topic.name]
    for waiting in rows.overdue(transaction, topic, older_than_s=WAITING_S_MAX, lanes=lanes):
        record_id = f"{waiting.topic}/{waiting.partition}/{waiting.offset}"
        result.violation(f"{record_id} lane {waiting.lane} waits for {waiting.waits_s:.0f} s")
    for parked in rows.parked(transaction, topic, lanes):
        what = f"{parked.reason}: {parked.message}"
        result.notes.append(f"parked lane {topic}/{parked.lane}, {parked.waiting} wait ({what})")


def check_outbox(context: AuditContext[T], rows: LaneRows[T]) -> None:
    """I11: committed messages leave the outbox soon; not checked under load."""
    result = context.results["I11"]
    if context.scope.sample:
        result.gaps.append("how long messages wait in the outbox: under load")
        return
    lanes = _of_all(context.selections.values())
    for message in rows.unpublished(
        context.transaction, older_than_s=UNPUBLISHED_S_MAX, lanes=lanes
    ):
        where = f"outbox row {message.row_id} to {message.topic} lane {message.lane}"
        result.violation(f"{where} is unpublished for {message.waits_s:.0f} s")


def _of_all(selections: Iterable[Selection]) -> Selection:
    """Return the lanes of all topics together: messages have the keys of the records that caused
    them."""
    lanes: set[str] = set()
    for selection in selections:
        if selection.lanes is None:
            return Selection()
        lanes |= selection.lanes
    return Selection(frozenset(lanes))


def committed_offsets(
    log: LogReader, lanes: Iterable[LaneTopic[Never]]
) -> dict[str, dict[int, int]]:
    """Return by topic the offsets its group has committed. Read progress after it, as progress only
    rises."""
    return {lane.topic.name: log.committed(lane.group, lane.topic) for lane in lanes}


def check_committed(
    context: AuditContext[T], lane: LaneTopic[T], rows: LaneRows[T], committed: dict[int, int]
) -> None:
    """I12: committed offsets mirror progress and never pass it."""
    topic = lane.topic.name
    progress = rows.progress(context.transaction, topic)
    for partition, offset in committed.items():
        next_offset = progress.get(partition)
        line = (
            f"{topic}/{partition}: group {lane.group} committed {offset}, progress is {next_offset}"
        )
        context.results["I12"].check(next_offset is not None and offset <= next_offset, line)
