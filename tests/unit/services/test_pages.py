"""Pages follow each other through a list, by cursors that only this list takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from msgspec import UNSET, UnsetType

from app.domain.errors import InvalidError
from app.services.pages import Position, page, page_by_id

PRICES = [(5, 1), (5, 2), (7, 3), (9, 4), (9, 5)]  # price and id


@dataclass(frozen=True)
class Query:
    limit: int
    cursor: str | UnsetType | None = None


@dataclass(frozen=True)
class Item:
    id: int


def read_by_price(after: Position | None, limit: int) -> Sequence[tuple[int, int]]:
    return [item for item in PRICES if after is None or item > after][:limit]


def read_newest(*, after_id: int | None, limit: int) -> list[Item]:
    ids = [number for number in range(5, 0, -1) if after_id is None or number < after_id]
    return [Item(number) for number in ids[:limit]]


def ids_by_price(limit: int) -> list[list[int]]:
    pages: list[list[int]] = []
    cursor: str | None = None
    while not pages or cursor is not None:
        found = page(
            Query(limit, cursor),
            "price",
            read_by_price,
            position=lambda item: item,
            show=lambda item: item[1],
        )
        pages.append(found.items)
        cursor = found.next_cursor
    return pages


@pytest.mark.parametrize(
    ("limit", "pages"),
    [(1, [[1], [2], [3], [4], [5]]), (2, [[1, 2], [3, 4], [5]]), (5, [[1, 2, 3, 4, 5]])],
)
def test_pages_hold_every_item_once(limit: int, pages: list[list[int]]) -> None:
    assert ids_by_price(limit) == pages


def test_a_list_by_id_goes_on_after_the_last_id() -> None:
    first = page_by_id(Query(3), "newest", read_newest)
    rest = page_by_id(Query(3, first.next_cursor), "newest", read_newest)
    assert [one.id for one in (*first.items, *rest.items)] == [5, 4, 3, 2, 1]
    assert rest.next_cursor is None


def test_no_cursor_is_the_beginning() -> None:
    for cursor in (None, UNSET):
        assert page_by_id(Query(1, cursor), "newest", read_newest).items == [Item(5)]


def test_the_cursor_of_another_list_is_refused() -> None:
    cursor = page_by_id(Query(3), "newest", read_newest).next_cursor
    with pytest.raises(InvalidError) as refused:
        page_by_id(Query(3, cursor), "notices", read_newest)
    assert [fault.field for fault in refused.value.faults] == ["cursor"]
