"""`Prefer` as in RFC 7240: names in any case, quoted values, the first of several."""

import pytest

from app.web.api.bids import WAIT_MAX_S, wait_s


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("", 0), ("wait=2", 2), ("WAIT=2", 2), ('wait="2"', 2), ("wait = 2", 2), ("wait=0", 0),
        ("respond-async, wait=3", 3), ("wait=3; x=y, respond-async", 3), ("wait=1, wait=5", 1),
        ('respond-async; x="a, wait=9", Wait = "4"', 4), ("wait=007", WAIT_MAX_S),
        ("wait=" + "9" * 5_000, WAIT_MAX_S), ("wait", 0), ("wait=", 0), ("wait=x, wait=5", 0),
        ("wait=-1", 0), ("wait=1.5", 0), ("wait=\uff12", 0), ('wait="2', 0), ("await=2", 0),
        ("handling=lenient; wait=3", 0), ('x="wait=3"', 0),
    ],
)  # fmt: skip
def test_the_wait_of_a_prefer_header_is_read(prefer: str, expected: int) -> None:
    assert wait_s(prefer) == expected
