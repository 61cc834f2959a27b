"""Lists as every one of them is answered."""

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Listed(Struct, Generic[T], frozen=True):
    """`{items, next_cursor}`."""

    items: list[T]
    next_cursor: str | None
