"""One fault: how it comes and how it goes."""

from collections.abc import Callable
from dataclasses import dataclass

from stack.campaign.environment import Environment

Action = Callable[[Environment], None]


def no_action(_environment: Environment) -> None:
    """Do nothing: the fault ends by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`inject` and `heal` with `hold_s` between them; `heal` returns once the cause is gone.

    `prepare` comes before `inject` and breaks nothing; `check` comes before `heal` and raises
    StackFault when something is not as it must be then. Recovered is then the same for all: every
    process runs, a bid sent after the heal got its outcome, a message sent after it is stored.
    `targets` are what no two faults may hit at once. Raises StackFault where it cannot be
    injected, which fails the campaign.
    """

    name: str
    targets: tuple[str, ...]
    inject: Action
    prepare: Action = no_action
    check: Action = no_action
    heal: Action = no_action
    hold_s: float = 0.0
    times: int = 1
    mixed: bool = True  # whether mixed runs may draw it
    must_survive: bool = False  # whether work must resume while it lasts
