"""I15: what was settled by another clock than the broker's is a violation."""

from app.services.auditing.ports import LogRecord, Place, Trace
from app.services.auditing.tallies import Tally
from bridge.audit.lanes import judge_clock
from tests.unit.bridge.builders import LOG_TIME


def judged(*kinds: str, is_stamped_by_broker: bool) -> Tally:
    record = LogRecord("lists", 0, 7, b"a", b"{}", LOG_TIME, is_stamped_by_broker)
    traces = [Trace(7, kind, "items", None) for kind in kinds]  # type: ignore[arg-type]
    tally = Tally()
    judge_clock(tally, Place("lists", 0, 7, record, traces, waits=False, is_dead=not kinds))
    return tally


def test_a_record_settled_by_its_producers_clock_is_a_violation() -> None:
    found = judged("effect", is_stamped_by_broker=False)
    assert found.examples == ["lists/0/7 was settled by its producer's clock"]


def test_one_that_was_refused_or_is_stamped_by_the_broker_is_none() -> None:
    assert judged(is_stamped_by_broker=False).violations == 0
    assert judged("effect", is_stamped_by_broker=True).violations == 0
