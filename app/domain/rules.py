"""Every number of the auction rules, as one frozen value kept with each auction.

A change of the defaults touches only auctions created after it: an auction is decided, and its
log replayed, with the `Rules` it was created with. So is a change of the wording of a rule: the
version in them says which wording decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from app.domain.increments import DEFAULT_STEPS, StepTable
from app.domain.money import CURRENCIES, Currency

FIRST_VERSION: Final = 1
"""Also the minimum asks for confirmation when it is high enough (15), and the minimum in an outcome
may pass the largest amount of money. Rules stored without a version are of this one."""
VERSION: Final = 2
"""No bid at the minimum asks for confirmation, unless it would buy now (15), and an outcome names
no minimum that nobody can bid."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of auction-rules.md; times in seconds, the numbers in brackets are its rules.

    Raises ValueError for a number that is no whole number or below zero, or an unknown version.
    """

    version: int = VERSION
    """The wording of the rules that decides: FIRST_VERSION up to VERSION."""
    confirm_factor: int = 5
    """An amount above this many times the price needs `confirm` (15)."""
    cancel_lead_s: int = 12 * 3600
    """With bids, a cancel must come at least this long before the end (16)."""
    extension_total_max_s: int = 2 * 3600
    """All soft-close extensions together never exceed this (12)."""
    soft_close_window_s: int = 120
    soft_close_extend_s: int = 120
    extensions_max: int = 30
    live_lot_s: int = 30
    """Length of a live lot whose end was not given (12)."""
    live_window_s: int = 10
    live_extend_s: int = 10
    live_last_end_s: int = 15 * 60
    """Last possible end of a live lot, from its start (12)."""
    outbid_notice_interval_s: int = 60
    """A bidder is told `outbid` at most once in this time on one auction (19) …"""
    outbid_notice_free_s: int = 600
    """… except this close to the end, where each one is told."""
    ending_soon_leads_s: tuple[int, ...] = (3600, 600, 60)
    """How long before the end watchers are told (19)."""
    steps: tuple[tuple[Currency, StepTable], ...] = DEFAULT_STEPS
    """Bid steps by currency (4)."""

    def __post_init__(self) -> None:
        numbers = [getattr(self, name) for name in _NUMBERS]
        if any(type(n) is not int or n < 0 for n in (*numbers, *self.ending_soon_leads_s)):
            raise ValueError("a rule's number must be a whole number, not below zero")
        if not FIRST_VERSION <= self.version <= VERSION:
            raise ValueError(f"version {self.version} of the rules is not known")

    def step_table(self, currency: Currency) -> StepTable:
        """The steps of `currency`; LookupError if these rules have none for it."""
        for name, table in self.steps:
            if name == currency:
                return table
        raise LookupError(f"no steps for {currency}")

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object; `from_json` gives the equal `Rules` back."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in _NUMBERS}
        plain["ending_soon_leads_s"] = list(self.ending_soon_leads_s)
        plain["steps"] = {
            currency: {"bounds": list(table.bounds), "steps": list(table.steps)}
            for currency, table in self.steps
        }
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Rules":
        """Return the `Rules` that `to_json` wrote.

        Strict: a missing or unknown number raises ValueError rather than taking a default of today,
        because stored rules are frozen; new rules come with a data migration. A missing version is
        the first. A lane whose rules are of a later version waits for newer code.
        """
        plain = {"version": FIRST_VERSION, **plain}
        if set(plain) != {field.name for field in fields(cls)}:
            raise ValueError("stored rules do not have exactly the known numbers")
        numbers = {name: plain[name] for name in _NUMBERS}
        leads = tuple(plain["ending_soon_leads_s"])
        return cls(**numbers, ending_soon_leads_s=leads, steps=_step_tables(plain["steps"]))


_NUMBERS = tuple(
    field.name for field in fields(Rules) if field.name not in ("ending_soon_leads_s", "steps")
)


def _step_tables(plain: Mapping[str, Any]) -> tuple[tuple[Currency, StepTable], ...]:
    if not set(plain) <= set(CURRENCIES):
        raise ValueError("stored rules have steps for an unknown currency")
    # The house's order, not the stored one: jsonb sorts keys its own way.
    return tuple(
        (currency, StepTable(bounds=tuple(table["bounds"]), steps=tuple(table["steps"])))
        for currency in CURRENCIES
        if (table := plain.get(currency)) is not None
    )
