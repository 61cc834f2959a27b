"""Gateways and workers whose wall clock is an hour off; decisions must not care."""

from stack.campaign.clock import shifted
from stack.campaign.faults.fault import Fault
from stack.campaign.ground import Ground

HOUR_S = 3_600
WRONG_S = 20.0
CLOCKED = ("gateway", "worker-bids-0", "worker-bids-1", "worker-other")


def clock_faults() -> list[Fault]:
    """An hour ahead, an hour behind."""
    return [_wrong("clock-plus-1h", HOUR_S), _wrong("clock-minus-1h", -HOUR_S)]


def _wrong(name: str, by_s: int) -> Fault:
    return Fault(
        name,
        ("gateway", "worker"),
        inject=lambda ground: _restart(ground, shifted(ground.shim, by_s)),
        heal=lambda ground: _restart(ground, {}),
        hold_s=WRONG_S,
    )


def _restart(ground: Ground, changes: dict[str, str]) -> None:
    programs = [program for program in ground.programs(**changes) if program.name in CLOCKED]
    ground.control.stop(*(program.name for program in programs))
    for program in programs:
        ground.control.run(program, wait=False)
