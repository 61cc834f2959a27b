"""What is to become of one partition's records: which are taken, which are dead letters, and where
to stop. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.services.dead_letter_limits import TOO_MANY
from app.services.lanes import (
    BadRecordError,
    DeadLetter,
    GoneError,
    InboxRecord,
    LaneTopic,
    Parking,
)
from bridge.checking import Sizes, checked
from bridge.records import RawRecord, Refusal, dead_letter


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one partition from its position up to, without it, offset `following`.

    With `parking` they end before the first that must wait for a person.
    """

    partition: int
    records: Sequence[InboxRecord]
    letters: Sequence[DeadLetter]
    following: int
    parking: Parking | None = None


def looked_at(
    batch: Sequence[RawRecord], lane: LaneTopic, sizes: Sizes
) -> list[InboxRecord | DeadLetter]:
    """Each record as the inbox takes it, or as a dead letter."""
    return [_looked_at(raw, lane, sizes) for raw in batch]


def part_of(partition: int, found: Sequence[InboxRecord | DeadLetter], *, room: int) -> Part:
    """As much of what was `found` (never nothing) as there may be, with `room` for dead letters."""
    handled, parking = _up_to(found, room)
    return Part(
        partition,
        records=[one for one in handled if isinstance(one, InboxRecord)],
        letters=[one for one in handled if isinstance(one, DeadLetter)],
        following=found[len(handled)].offset if parking else found[-1].offset + 1,
        parking=parking,
    )


def follows(position: int, batch: Sequence[RawRecord]) -> bool:
    """Whether these are just the next records from `position` on, without a hole."""
    last = batch[-1].offset
    return batch[0].offset == position and last - position + 1 == len(batch)


def _looked_at(raw: RawRecord, lane: LaneTopic, sizes: Sizes) -> InboxRecord | DeadLetter:
    try:
        return checked(raw, lane, sizes)
    except BadRecordError as error:
        trace_id = lane.identify(raw.value or b"")
        return dead_letter(raw, Refusal(lane.group, error.reason, error, trace_id))


def _up_to(
    found: Sequence[InboxRecord | DeadLetter], room: int
) -> tuple[Sequence[InboxRecord | DeadLetter], Parking | None]:
    """Those before the first dead letter too many, and why the rest must wait."""
    letters = 0
    for place, one in enumerate(found):
        if isinstance(one, DeadLetter) and one.error_class != GoneError.__name__:
            letters += 1
            if letters > room:
                return found[:place], Parking(TOO_MANY, f"{one.reason}: {one.message}")
    return found, None
