"""Pages of lists: how many, in which order, and the opaque cursor of the next page.

A list is sorted by a value and an id, or by the id alone. Clients send a cursor back unchanged.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Protocol, TypeVar

import msgspec
from msgspec import UnsetType

from app.domain.errors import FieldFault, InvalidError
from app.protocol.resources import Listed
from app.protocol.types import INT64_MAX

Position = tuple[int, int]
"""Where a page ends: the value that its list is sorted by (0: by the id alone), and the id."""


class PageQuery(Protocol):
    """The query of a list."""

    @property
    def limit(self) -> int:
        """How many items the page has at most."""
        ...

    @property
    def cursor(self) -> str | UnsetType | None:
        """What the page before has named as the next."""
        ...


T = TypeVar("T")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)


class ReadById(Protocol[T_co]):
    """Reads a list that is sorted by id."""

    def __call__(self, *, after_id: int | None, limit: int) -> Sequence[T_co]:
        """Return at most `limit` items after the one with this id; None: from the beginning."""
        ...


_decoder = msgspec.json.Decoder(tuple[str, int, int])


def page(
    query: PageQuery,
    order: str,
    read: Callable[[Position | None, int], Sequence[T]],
    *,
    position: Callable[[T], Position],
    show: Callable[[T], R],
) -> Listed[R]:
    """Return a page of the list that is sorted by `order`, each item as `show` returns it.

    `read` returns at most so many items after a position. Raise InvalidError for a cursor of
    another list, and what `read` raises.
    """
    cursor = query.cursor if isinstance(query.cursor, str) else None
    found = read(_read_cursor(cursor, order), query.limit + 1)
    items = found[: query.limit]
    next_cursor = _write_cursor(order, position(items[-1])) if len(found) > query.limit else None
    return Listed([show(item) for item in items], next_cursor)


def page_by_id(
    query: PageQuery,
    order: str,
    read: ReadById[T],
    *,
    id_of: Callable[[T], int] = attrgetter("id"),
) -> Listed[T]:
    """As `page`, of a list that is sorted by id."""
    return page(
        query,
        order,
        lambda after, limit: read(after_id=None if after is None else after[1], limit=limit),
        position=lambda item: (0, id_of(item)),
        show=lambda item: item,
    )


def _write_cursor(order: str, position: Position) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((order, *position))).decode()


def _read_cursor(text: str | None, order: str) -> Position | None:
    if text is None:
        return None
    try:
        found_order, value, row_id = _decoder.decode(
            base64.b64decode(text, altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    if found_order != order or not (0 <= value <= INT64_MAX and 0 <= row_id <= INT64_MAX):
        raise _invalid()
    return value, row_id


def _invalid() -> InvalidError:
    return InvalidError([FieldFault("cursor", "INVALID", "not a cursor of this list")])
