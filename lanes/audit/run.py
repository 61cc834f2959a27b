"""Runs one audit, from the snapshot to the results."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic

from lanes.audit import flow
from lanes.audit.log import LogAudit
from lanes.audit.ports import (
    Audit,
    AuditContext,
    LaneAudit,
    LaneRows,
    LogReader,
    Scope,
    Selection,
)
from lanes.audit.results import INVARIANTS, AuditResults
from lanes.handler import LaneTopic
from lanes.ports import T


@dataclass(frozen=True, slots=True)
class AuditSources(Generic[T]):
    """What an audit reads; `snapshot` opens a transaction whose reads all see the same moment."""

    lanes: Sequence[LaneTopic[T]]
    log: LogReader
    rows: LaneRows[T]
    snapshot: Callable[[], AbstractContextManager[T]]


def run_audit(
    sources: AuditSources[T],
    scope: Scope,
    *,
    others: Iterable[Audit[T]] = (),
    invariants: Mapping[str, str] = INVARIANTS,
) -> AuditResults:
    """Check the invariants of all lane topics, and by `others` what else their owner promises.

    `invariants` are all that is checked. Raise OutageError when a server cannot be reached, and
    what the owner's audits raise, as for a lane that does not exist.
    """
    results = AuditResults(invariants)
    committed = flow.committed_offsets(sources.log, sources.lanes)
    with sources.snapshot() as transaction:
        owners = _owners(sources.lanes, results)
        selections = {lane.topic.name: Selection() for lane in sources.lanes}
        selections |= {topic: owner.select(transaction, scope) for topic, owner in owners.items()}
        results.notes += [chosen.note for chosen in selections.values() if chosen.note is not None]
        context = AuditContext(transaction, scope, selections, results)
        for lane in sources.lanes:
            _check_lane(sources, context, lane, owners.get(lane.topic.name))
            flow.check_committed(context, lane, sources.rows, committed[lane.topic.name])
        flow.check_outbox(context, sources.rows)
        for other in others:
            other.run(context)
    return results


def _owners(lanes: Sequence[LaneTopic[T]], results: AuditResults) -> dict[str, LaneAudit[T]]:
    return {lane.topic.name: lane.audit(results) for lane in lanes if lane.audit is not None}


def _check_lane(
    sources: AuditSources[T],
    context: AuditContext[T],
    lane: LaneTopic[T],
    owner: LaneAudit[T] | None,
) -> None:
    if owner is None:
        context.results["I2"].gaps.append(f"{lane.topic.name}: its owner has no audit")
    else:
        LogAudit(lane, owner, log=sources.log, rows=sources.rows).run(context)
    # Of all that was ingested, what still waits may not wait for long.
    context.results["I4"].checked = context.results["I2"].checked
    flow.check_waiting(context, lane, sources.rows)
