"""What the audit asks of the platform beside its log: nothing waits (I4), nothing is left unsent
(I11), and what Kafka calls committed was taken (I12)."""

from collections.abc import Iterable

from app.adapters.postgres.auditing import PostgresLaneRows
from app.services.auditing.ports import Examination, LogReader, Selection
from app.services.lanes import LaneTopic

WAITING_S_MAX = 30.0  # I4
UNPUBLISHED_S_MAX = 5.0  # I11


def check_waiting(examination: Examination, lane: LaneTopic, rows: PostgresLaneRows) -> None:
    """I4: of all records taken none waits for too long, but in parked lanes, which are listed."""
    tally, transaction = examination.tallies["I4"], examination.transaction
    topic, lanes = lane.topic.name, examination.selections[lane.topic.name]
    for waiting in rows.overdue(transaction, topic, older_than_s=WAITING_S_MAX, lanes=lanes):
        place = f"{waiting.topic}/{waiting.partition}/{waiting.offset}"
        tally.violation(f"{place} lane {waiting.lane} waits for {waiting.waits_s:.0f} s")
    for parked in rows.parked(transaction, topic, lanes):
        what = f"{parked.reason}: {parked.message}"
        tally.notes.append(f"parked lane {topic}/{parked.lane}, {parked.waiting} wait ({what})")


def check_outbox(examination: Examination, rows: PostgresLaneRows) -> None:
    """I11: what was committed leaves soon, when there is time for it."""
    tally = examination.tallies["I11"]
    if examination.scope.sample:
        tally.gaps.append("how long messages wait in the outbox: under load")
        return
    lanes = _of_all(examination.selections.values())
    for message in rows.unpublished(
        examination.transaction, older_than_s=UNPUBLISHED_S_MAX, lanes=lanes
    ):
        where = f"outbox row {message.row_id} to {message.topic} lane {message.lane}"
        tally.violation(f"{where} is unpublished for {message.waits_s:.0f} s")


def _of_all(selections: Iterable[Selection]) -> Selection:
    """The lanes of all topics together: what leaves is keyed as what came in."""
    lanes: set[str] = set()
    for selection in selections:
        if selection.lanes is None:
            return Selection()
        lanes |= selection.lanes
    return Selection(frozenset(lanes))


def committed_offsets(log: LogReader, lanes: Iterable[LaneTopic]) -> dict[str, dict[int, int]]:
    """By topic what its group has committed. Progress must be read after it, as it only rises."""
    return {lane.topic.name: log.committed(lane.group, lane.topic) for lane in lanes}


def check_committed(
    examination: Examination, lane: LaneTopic, rows: PostgresLaneRows, committed: dict[int, int]
) -> None:
    """I12: it mirrors progress, and never runs ahead."""
    topic = lane.topic.name
    progress = rows.progress(examination.transaction, topic)
    for partition, offset in committed.items():
        taken = progress.get(partition)
        line = f"{topic}/{partition}: group {lane.group} committed {offset}, progress is {taken}"
        examination.tallies["I12"].judge(taken is not None and offset <= taken, line)
