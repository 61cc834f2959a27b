"""Money: an integer count of a currency's minor unit, bounded (rule 1)."""

from typing import Final, Literal, TypeGuard

Currency = Literal["KRW", "JPY", "USD", "EUR"]

CURRENCIES: Final[tuple[Currency, ...]] = ("KRW", "JPY", "USD", "EUR")
AMOUNT_MIN: Final = 1
AMOUNT_MAX: Final = 10**12


def is_amount(value: object) -> TypeGuard[int]:
    """Whether `value` is a sum of money: an integer from 1 to 10^12, never a bool (rule 1)."""
    return type(value) is int and AMOUNT_MIN <= value <= AMOUNT_MAX
