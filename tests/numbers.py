"""JSON numbers that no field accepts, however long: as text, because no type can hold them."""

from hypothesis import strategies as st

HUGE = (
    "1e1000000000000000000", "-1e1000000000000000000", "1e-1000000000000000000", "0e999999999999",
    "1E+999999999", "9" * 5_000, "-" + "9" * 5_000, "1." + "9" * 5_000, "1e" + "9" * 5_000,
    "9" * 4_301, "9" * 4_300, "18446744073709551616", "-9223372036854775809",
)  # fmt: skip
"""Examples, among them the longest number that Python reads as one, and the next."""

_DIGIT = "0123456789"
_digits = st.text(_DIGIT, min_size=1, max_size=30) | st.integers(1, 6_000).map(lambda n: "7" * n)
_wholes = _digits.map(lambda digits: digits.lstrip("0") or "0")
_fractions = st.tuples(_wholes, _digits).map(".".join)
_powers = st.tuples(_wholes | _fractions, st.sampled_from(["e", "E", "e+", "e-"]), _digits).map(
    "".join
)
_too_large = st.integers(20, 6_000).map(lambda n: "1" + "0" * n)
_signs = st.sampled_from(["", "-"])

outlandish = st.sampled_from(HUGE) | st.tuples(_signs, _fractions | _powers | _too_large).map(
    "".join
)
"""Numbers that are no integers of 64 bits: fractions, powers, and too many digits."""

nested = st.recursive(
    outlandish,
    lambda inner: inner.map(lambda one: f"[{one}]") | inner.map(lambda one: f'{{"a":{one}}}'),
    max_leaves=4,
)
"""The same inside arrays and objects."""
