"""Runs one audit, from the snapshot to the results."""

from collections.abc import Sequence
from pathlib import Path

from app.bootstrap.operator import OperatorContainer
from app.services.auditing.invariants import INVARIANTS
from lanes.audit import flow
from lanes.audit.log import LogAudit
from lanes.audit.ports import AuditContext, LaneAudit, Scope, Selection
from lanes.audit.results import AuditResults
from lanes.handler import LaneTopic
from lanes.postgres.audit_rows import PostgresLaneRows, snapshot


def audit(container: OperatorContainer, scope: Scope, journals: Sequence[Path]) -> AuditResults:
    """Check all invariants.

    Raise OutageError when a server cannot be reached, NotFoundError for a lane that does not exist,
    JournalError for a journal that cannot be read.
    """
    results = AuditResults(INVARIANTS)
    lanes = list(container.lane_topics.values())
    committed = flow.committed_offsets(container.log_reader, lanes)
    timeout_ms = container.settings.limits.audit_timeout_ms
    with snapshot(container.engine, timeout_ms=timeout_ms) as transaction:
        audits = _lane_audits(lanes, results)
        selections = {lane.topic.name: Selection() for lane in lanes}
        selections |= {topic: owner.select(transaction, scope) for topic, owner in audits.items()}
        results.notes += [chosen.note for chosen in selections.values() if chosen.note is not None]
        context = AuditContext(transaction, scope, selections, results)
        for lane in lanes:
            _check_lane(container, context, lane, audits.get(lane.topic.name))
            rows = PostgresLaneRows()
            flow.check_committed(context, lane, rows, committed[lane.topic.name])
        flow.check_outbox(context, PostgresLaneRows())
        for part in container.make_audits(journals):
            part.run(context)
    return results


def _lane_audits(lanes: Sequence[LaneTopic], results: AuditResults) -> dict[str, LaneAudit]:
    return {lane.topic.name: lane.audit(results) for lane in lanes if lane.audit is not None}


def _check_lane(
    container: OperatorContainer, context: AuditContext, lane: LaneTopic, owner: LaneAudit | None
) -> None:
    rows = PostgresLaneRows()
    if owner is None:
        context.results["I2"].gaps.append(f"{lane.topic.name}: its owner has no audit")
    else:
        LogAudit(lane, owner, log=container.log_reader, rows=rows).run(context)
    # Of all that was taken, what still waits may not wait for long.
    context.results["I4"].checked = context.results["I2"].checked
    flow.check_waiting(context, lane, rows)
