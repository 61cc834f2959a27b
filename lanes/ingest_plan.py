"""What becomes of one partition's records: inbox rows, dead letters, and where to stop. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Never

from lanes.checking import Sizes, checked
from lanes.dead_letter import TOO_MANY, DeadLetter, Parking, Refusal, dead_letter
from lanes.errors import BadRecordError, GoneError
from lanes.handler import LaneTopic
from lanes.record import InboxRecord, RawRecord


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """The records of one partition up to offset `next_offset`, exclusive.

    With `parking` they end before the first record that must wait for an operator.
    """

    partition: int
    records: Sequence[InboxRecord]
    letters: Sequence[DeadLetter]
    next_offset: int
    parking: Parking | None = None


def checked_records(
    batch: Sequence[RawRecord], lane: LaneTopic[Never], sizes: Sizes
) -> list[InboxRecord | DeadLetter]:
    """Return each record as a row of the inbox, or as a dead letter."""
    return [_checked_record(raw, lane, sizes) for raw in batch]


def plan_partition(
    partition: int, found: Sequence[InboxRecord | DeadLetter], *, quota: int
) -> IngestPlan:
    """Return as much of `found`, which is not empty, as `quota` dead letters allow."""
    handled, parking = _up_to(found, quota)
    return IngestPlan(
        partition,
        records=[one for one in handled if isinstance(one, InboxRecord)],
        letters=[one for one in handled if isinstance(one, DeadLetter)],
        next_offset=found[len(handled)].offset if parking else found[-1].offset + 1,
        parking=parking,
    )


def is_contiguous(position: int, batch: Sequence[RawRecord]) -> bool:
    """Return whether the batch holds exactly the next records from `position` on."""
    last = batch[-1].offset
    return batch[0].offset == position and last - position + 1 == len(batch)


def _checked_record(
    raw: RawRecord, lane: LaneTopic[Never], sizes: Sizes
) -> InboxRecord | DeadLetter:
    try:
        return checked(raw, lane, sizes)
    except BadRecordError as error:
        trace_id = lane.identify(raw.value or b"")
        return dead_letter(raw, Refusal(lane.group, error.reason, error, trace_id))


def _up_to(
    found: Sequence[InboxRecord | DeadLetter], quota: int
) -> tuple[Sequence[InboxRecord | DeadLetter], Parking | None]:
    """Return the records before the first dead letter too many, and why the rest must wait."""
    letters = 0
    for count, one in enumerate(found):
        if isinstance(one, DeadLetter) and one.error_class != GoneError.__name__:
            letters += 1
            if letters > quota:
                return found[:count], Parking(TOO_MANY, f"{one.reason}: {one.message}")
    return found, None
