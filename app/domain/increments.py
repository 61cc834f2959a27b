"""Bid steps: how far above the price the next bid must be (rule 4)."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from app.domain.money import Currency


@dataclass(frozen=True, slots=True)
class StepTable:
    """Steps by price: `steps[i]` holds below `bounds[i]` (exclusive), the last from there up.

    Raises ValueError unless bounds rise, every step is positive and there is one more of them.
    """

    bounds: tuple[int, ...]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.steps) != len(self.bounds) + 1:
            raise ValueError("a step table needs one step more than it has bounds")
        if any(low >= high for low, high in zip(self.bounds, self.bounds[1:], strict=False)):
            raise ValueError("the bounds of a step table must rise")
        if min(self.steps) < 1:
            raise ValueError("a step must be at least one minor unit")

    def step(self, price: int) -> int:
        """The step at `price`, in minor units."""
        return self.steps[bisect_right(self.bounds, price)]


_CENTS: Final = StepTable(
    bounds=(1_00, 5_00, 25_00, 100_00, 250_00, 500_00, 1_000_00, 2_500_00, 5_000_00),
    steps=(5, 25, 50, 1_00, 2_50, 5_00, 10_00, 25_00, 50_00, 100_00),
)

DEFAULT_STEPS: Final[tuple[tuple[Currency, StepTable], ...]] = (
    (
        "KRW",
        StepTable(
            bounds=(10_000, 50_000, 100_000, 500_000, 5_000_000, 50_000_000),
            steps=(100, 1_000, 2_500, 5_000, 10_000, 50_000, 500_000),
        ),
    ),
    ("JPY", StepTable(bounds=(1_000, 5_000, 10_000, 50_000), steps=(10, 100, 250, 500, 1_000))),
    ("USD", _CENTS),
    ("EUR", _CENTS),
)
"""The tables of rule 4 in minor units, by currency."""
