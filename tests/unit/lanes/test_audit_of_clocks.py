"""I15: a record settled by another clock than the broker's is a violation."""

from lanes.audit.log import check_clock
from lanes.audit.ports import LogEntry, LogRecord, StoredRow
from lanes.audit.results import CheckResult
from tests.unit.lanes.builders import LOG_TIME


def judged(*kinds: str, is_stamped_by_broker: bool) -> CheckResult:
    record = LogRecord("lists", 0, 7, b"a", b"{}", LOG_TIME, is_stamped_by_broker)
    stored_rows = [StoredRow(7, kind, "items", None) for kind in kinds]  # type: ignore[arg-type]
    result = CheckResult()
    check_clock(
        result, LogEntry("lists", 0, 7, record, stored_rows, waits=False, is_dead_letter=not kinds)
    )
    return result


def test_a_record_settled_by_its_producers_clock_is_a_violation() -> None:
    found = judged("effect", is_stamped_by_broker=False)
    assert found.examples == ["lists/0/7 was settled by its producer's clock"]


def test_a_refused_or_broker_stamped_record_is_no_violation() -> None:
    assert judged(is_stamped_by_broker=False).violations == 0
    assert judged("effect", is_stamped_by_broker=True).violations == 0
