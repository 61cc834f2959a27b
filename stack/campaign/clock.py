"""The shim that shifts a process's wall clock."""

from pathlib import Path

from stack.builds import Build
from stack.commands import run_logged
from stack.places import CHECKOUT, libraries_dir

SOURCE = CHECKOUT / "stack" / "campaign" / "clock_shift.c"
FLAGS = ("-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC")


def _compile(target: Path) -> None:
    run_logged(
        ("gcc", *FLAGS, "-o", str(target), str(SOURCE)),
        what="compiling the clock shim",
    )


SHIM = Build(
    "compile the clock shim", libraries_dir() / "clock_shift.so", lambda: [SOURCE], _compile
)


def clock_variables(by_s: int) -> dict[str, str]:
    """The variables that shift the clock of a process started with them."""
    return {"LD_PRELOAD": str(SHIM.ensure()), "CLOCK_SHIFT_S": str(by_s)}
