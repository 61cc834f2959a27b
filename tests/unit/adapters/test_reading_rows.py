"""A row is read by the names of its columns, whatever their order."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from app.adapters.postgres.queries import read_row
from lanes.postgres.rows import read_row as read_stored_row

NOON = datetime(2026, 11, 27, 12, 0, 0, 123_456, tzinfo=UTC)
COLUMNS = namedtuple("COLUMNS", "amount at bid_id closed_at payload seller_id")
ROW: Any = COLUMNS(5, NOON, UUID(int=7), None, memoryview(b"\xff"), 3)  # SQLAlchemy's are alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    at: datetime
    amount: int
    payload: bytes


class Shown(Struct, frozen=True):
    bid_id: str
    at: str
    amount: int
    closed_at: str | None
    seller_id: int
    mine: bool = False


def test_a_dataclass_gets_what_is_stored() -> None:
    found = read_stored_row(Stored, ROW)
    assert found == Stored(at=NOON, amount=5, payload=b"\xff")


def test_a_struct_of_the_wire_gets_times_and_ids_as_text() -> None:
    found = read_row(Shown, ROW)
    assert found == Shown(str(UUID(int=7)), "2026-11-27T12:00:00.123Z", 5, None, 3)


def test_what_is_given_counts_more_than_the_row() -> None:
    found = read_row(Shown, ROW, amount=6, mine=True)
    assert (found.amount, found.mine) == (6, True)
