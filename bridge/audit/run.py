"""One audit, from the snapshot to the tallies."""

from collections.abc import Sequence
from pathlib import Path

from app.adapters.postgres.auditing import PostgresLaneRows, snapshot
from app.bootstrap.operator import OperatorContainer
from app.services.auditing.ports import Examination, LaneAudit, Scope, Selection
from app.services.auditing.tallies import Tallies
from app.services.lanes import LaneTopic
from bridge.audit import flow
from bridge.audit.lanes import LogAudit


def audit(container: OperatorContainer, scope: Scope, journals: Sequence[Path]) -> Tallies:
    """Judge all invariants.

    Raises BusyError when a server cannot be reached, NotFoundError for a lane that is not there,
    JournalError for a journal that cannot be read.
    """
    tallies = Tallies()
    lanes = list(container.lane_topics.values())
    committed = flow.committed_offsets(container.log_reader, lanes)
    timeout_ms = container.settings.limits.audit_timeout_ms
    with snapshot(container.engine, timeout_ms=timeout_ms) as transaction:
        audits = _lane_audits(lanes, tallies)
        selections = {lane.topic.name: Selection() for lane in lanes}
        selections |= {topic: owner.select(transaction, scope) for topic, owner in audits.items()}
        tallies.notes += [chosen.note for chosen in selections.values() if chosen.note is not None]
        examination = Examination(transaction, scope, selections, tallies)
        for lane in lanes:
            _check_lane(container, examination, lane, audits.get(lane.topic.name))
            rows = PostgresLaneRows()
            flow.check_committed(examination, lane, rows, committed[lane.topic.name])
        flow.check_outbox(examination, PostgresLaneRows())
        for part in container.make_audits(journals):
            part.run(examination)
    return tallies


def _lane_audits(lanes: Sequence[LaneTopic], tallies: Tallies) -> dict[str, LaneAudit]:
    return {lane.topic.name: lane.audit(tallies) for lane in lanes if lane.audit is not None}


def _check_lane(
    container: OperatorContainer, examination: Examination, lane: LaneTopic, owner: LaneAudit | None
) -> None:
    rows = PostgresLaneRows()
    if owner is None:
        examination.tallies["I2"].gaps.append(f"{lane.topic.name}: its owner has no audit")
    else:
        LogAudit(lane, owner, log=container.log_reader, rows=rows).run(examination)
    # Of all that was taken, what still waits may not wait for long.
    examination.tallies["I4"].checked = examination.tallies["I2"].checked
    flow.check_waiting(examination, lane, rows)
