"""Gateways and workers whose wall clock is an hour off; decisions must not care."""

from stack.campaign.clock import clock_variables
from stack.campaign.environment import Environment
from stack.campaign.faults.fault import Fault

HOUR_S = 3_600
SHIFTED_S = 20.0
CLOCKED = ("gateway", "worker-bids-0", "worker-bids-1", "worker-other")


def clock_faults() -> list[Fault]:
    """An hour ahead, an hour behind."""
    return [_clock_fault("clock-plus-1h", HOUR_S), _clock_fault("clock-minus-1h", -HOUR_S)]


def _clock_fault(name: str, by_s: int) -> Fault:
    return Fault(
        name,
        ("gateway", "worker"),
        inject=lambda environment: _restart(environment, clock_variables(by_s)),
        heal=lambda environment: _restart(environment, {}),
        hold_s=SHIFTED_S,
    )


def _restart(environment: Environment, changes: dict[str, str]) -> None:
    programs = [program for program in environment.programs(**changes) if program.name in CLOCKED]
    environment.control.stop(*(program.name for program in programs))
    for program in programs:
        environment.control.run(program, wait=False)
