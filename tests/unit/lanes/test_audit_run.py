"""One audit of all lane topics, and the further checks of their owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from lanes.audit import Audit, AuditContext, Scope
from lanes.audit.printing import as_json, lines
from lanes.audit.results import INVARIANTS, AuditResults
from lanes.audit.run import AuditSources, run_audit
from lanes.topic import Topic
from tests.platform.lists import lane_topic

FIRST, SECOND = Topic("first", 2), Topic("second", 1)


@dataclass
class Sources:
    """Progress, committed offsets and the order in which they are read; nothing waits."""

    progress_at: dict[str, dict[int, int]]
    committed_at: dict[str, dict[int, int]]
    reads: list[str] = field(default_factory=list)

    def progress(self, _: object, topic: str) -> dict[int, int]:
        return self.progress_at[topic]

    def committed(self, _: str, topic: Topic) -> dict[int, int]:
        self.reads.append("committed")
        return self.committed_at[topic.name]

    @contextmanager
    def snapshot(self) -> Iterator[str]:
        self.reads.append("snapshot")
        yield "the transaction"

    def overdue(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())

    def parked(self, *_: Any, **__: Any) -> list[Any]:
        return []

    unpublished = overdue


class OwnInvariant:
    """A further audit, of an invariant that the platform does not know."""

    def run(self, context: AuditContext[object]) -> None:
        context.results["X1"].check(context.transaction == "the transaction", "another transaction")


def audited(sources: Any, *others: Audit[Any], names: dict[str, str]) -> AuditResults:
    without_owner = [replace(lane_topic(topic), audit=None) for topic in (FIRST, SECOND)]
    return run_audit(
        AuditSources(without_owner, sources, sources, sources.snapshot),
        Scope(),
        others=others,
        invariants=names,
    )


def test_committed_offsets_may_not_pass_progress() -> None:
    sources = Sources(
        {"first": {0: 5, 1: 7}, "second": {0: 1}}, {"first": {0: 5, 1: 8}, "second": {0: 1}}
    )
    results = audited(sources, names=dict(INVARIANTS))
    assert sources.reads == ["committed", "committed", "snapshot"]
    assert results.violated == ["I12"]
    assert results["I12"].checked == 3


def test_a_topic_without_an_audit_of_its_owner_is_a_gap() -> None:
    sources = Sources({"first": {}, "second": {}}, {"first": {}, "second": {}})
    results = audited(sources, names=dict(INVARIANTS))
    assert [gap.partition(":")[0] for gap in results["I2"].gaps] == ["first", "second"]


def test_further_audits_run_in_the_same_snapshot_and_are_printed() -> None:
    names = {**INVARIANTS, "X1": "the owner's promise"}
    sources = Sources({"first": {}, "second": {}}, {"first": {}, "second": {}})
    results = audited(sources, OwnInvariant(), names=names)
    assert (results["X1"].checked, results.violated) == (1, [])
    (line,) = (line for line in lines(results, names) if line.startswith("X1"))
    assert "the owner's promise" in line
    assert '"name": "the owner\'s promise"' in as_json(results, names)
