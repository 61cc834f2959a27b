"""No abuse by fifty clients makes an honest bidder wait much longer than without abuse.

Measured is the p99 of the time from when a bid is due to its receipt, of four bidders at six
bids a second each, in rounds: quiet, then abused. All rounds' waits are taken together, so that a
moment in which other work disturbs the machine decides nothing. One round is enough when it is
clearly inside the bound; only the last may fail. On a slow machine the abusers are as many times
slower as quiet receipts are, so that it is given the same share of its strength to bear.
"""

from dataclasses import dataclass, field

import pytest

from stack.hostile.abuses import ABUSES, Target
from stack.hostile.attack import Report, attack
from tests.e2e.abuse.conftest import WaitIdle
from tests.e2e.abuse.honest import HonestBidders, p99

ROUNDS_MIN, ROUNDS_MAX = 3, 12
QUIET_S, ABUSED_S = 2.0, 2.0
FACTOR = 3  # the delay stays under so many times the quiet value
FACTOR_CLEAR = 2.5  # below this the first round decides
FACTOR_HOPELESS = 20  # above it the last of ROUNDS_MIN does
FREE_QUIET_S = 0.012  # the p99 on two free cores
SLOWER_MAX = 10.0  # a whole round would pass between two requests of a client


@dataclass(slots=True)
class Rounds:
    """The waits of all rounds in seconds; and what the abusers did."""

    quiet_s: list[float] = field(default_factory=list)
    abused_s: list[float] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    def measure(
        self, name: str, honest: HonestBidders, target: Target, wait_until_idle: WaitIdle
    ) -> None:
        """Add one round."""
        wait_until_idle()
        self.quiet_s += honest.receipt_waits_s(QUIET_S)
        slower = min(SLOWER_MAX, max(1.0, p99(self.quiet_s) / FREE_QUIET_S))
        reports: list[dict[str, Report]] = []
        with attack([name], target, reports, slower=slower):
            self.abused_s += honest.receipt_waits_s(ABUSED_S)
        self.reports += [report[name] for report in reports]

    @property
    def factor(self) -> float:
        """How many times as long the abused wait."""
        return p99(self.abused_s) / p99(self.quiet_s)

    @property
    def is_enough(self) -> bool:
        """Whether another round would change nothing, or is one too many."""
        rounds = len(self.reports)
        if rounds < ROUNDS_MIN:
            return rounds > 0 and self.factor < FACTOR_CLEAR
        is_open = FACTOR <= self.factor < FACTOR_HOPELESS
        return rounds == ROUNDS_MAX or not is_open


@pytest.mark.alone
@pytest.mark.parametrize("name", ABUSES)
def test_honest_bidders_are_received_as_quickly_under(
    name: str, honest: HonestBidders, target: Target, wait_until_idle: WaitIdle
) -> None:
    rounds = Rounds()
    while not rounds.is_enough:
        rounds.measure(name, honest, target, wait_until_idle)
    quiet_ms, abused_ms = p99(rounds.quiet_s) * 1_000, p99(rounds.abused_s) * 1_000
    print(f"{name}: {quiet_ms:.0f} ms, abused {abused_ms:.0f} ms: {rounds.factor:.1f}", end=" ")
    print(f"times; {rounds.reports}")
    assert all(report.bursts > 0 for report in rounds.reports), "nobody was abused"
    assert rounds.factor < FACTOR
