"""Names are looked up for display, and never delay a message."""

from collections.abc import Sequence

from app.domain.errors import BusyError
from app.services.nicknames import NOBODY, Nicknames


def test_names_are_read_in_one_query_and_may_be_missing() -> None:
    reads: list[Sequence[int]] = []

    def read(user_ids: Sequence[int]) -> dict[int, str]:
        reads.append(user_ids)
        return {1: "Anna"}

    nicknames = Nicknames(read)
    assert nicknames.of([1, 2, 1]) == {1: "Anna", 2: NOBODY}
    assert nicknames.of([1, 2]) == {1: "Anna", 2: NOBODY}
    assert reads == [[1, 2]]


def test_a_store_that_does_not_answer_leaves_names_out() -> None:
    def read(_: Sequence[int]) -> dict[int, str]:
        raise BusyError

    assert Nicknames(read).of([1]) == {1: NOBODY}
