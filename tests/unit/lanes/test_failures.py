"""How the cause of a failed settle is found, and what is tried next."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lanes.errors import (
    BadDataError,
    FutureVersionError,
    OutageError,
    RetryLater,
    UnknownLaneError,
    VersionConflictError,
)
from lanes.failures import ISOLATE_AFTER, FailureAction, action_for, still_conflicting, to_settle
from lanes.policy import DeadLetterLimit
from lanes.record import InboxRecord

RECORD = InboxRecord("toys", 0, 7, "k", "{}", datetime(2026, 1, 1, tzinfo=UTC))
SUSPECT = replace(RECORD, offset=8, attempts=ISOLATE_AFTER)
FAULTS = [ValueError("bad"), ZeroDivisionError(), BadDataError("23514")]


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_a_fault_among_many_is_counted_until_one_is_suspect(error: Exception) -> None:
    assert action_for(error, [RECORD, SUSPECT]) is FailureAction.COUNT
    assert action_for(error, [RECORD]) is FailureAction.COUNT
    assert action_for(error, [SUSPECT]) is FailureAction.DEAD_LETTER


@pytest.mark.parametrize("records", [[], [RECORD], [SUSPECT]], ids=len)
def test_outages_and_conflicts_never_count_as_record_failures(
    records: list[InboxRecord],
) -> None:
    assert action_for(OutageError("away"), records) is FailureAction.WAIT
    assert action_for(VersionConflictError("toys/k"), records) is FailureAction.CONFLICT
    assert action_for(RetryLater(1.0), records) is FailureAction.DELAY


def test_a_lane_that_cannot_be_loaded_blames_no_record() -> None:
    assert action_for(ValueError("bad row"), []) is FailureAction.WAIT


def test_every_record_of_an_unknown_lane_is_a_dead_letter() -> None:
    assert action_for(UnknownLaneError("UnknownAuction", "no 7"), []) is FailureAction.DEAD_LETTER


def test_a_record_of_a_newer_schema_parks_its_lane() -> None:
    future = FutureVersionError("version 2")
    assert action_for(future, [RECORD, SUSPECT]) is FailureAction.SINGLE_OUT
    assert action_for(future, [SUSPECT]) is FailureAction.PARK


def test_while_one_is_suspect_records_are_settled_one_by_one() -> None:
    assert to_settle([RECORD, SUSPECT]) == [RECORD]
    assert to_settle([RECORD, RECORD]) == [RECORD, RECORD]
    assert to_settle([]) == []


def test_only_what_every_attempt_has_read_is_stuck() -> None:
    assert still_conflicting(None, [1, 2]) == {1, 2}
    assert still_conflicting([1, 2], [2, 3]) == {2}
    assert still_conflicting([1], [2]) == frozenset()


@pytest.mark.parametrize(
    ("recent", "expected"), [((0, 0), 3), ((2, 2), 1), ((0, 9), 1), ((3, 3), 0), ((5, 12), 0)]
)
def test_dead_letters_are_limited_per_lane_and_partition(
    recent: tuple[int, int], expected: int
) -> None:
    assert DeadLetterLimit(per_lane=3, per_partition=10, window_s=60).quota(recent) == expected
