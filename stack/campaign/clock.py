"""The shim that shifts a process's wall clock."""

from pathlib import Path

from stack.commands import run_logged
from stack.places import CHECKOUT, install_log_dir, libraries_dir

SOURCE = CHECKOUT / "stack" / "campaign" / "clock_shift.c"


def build_shim() -> Path:
    """Compile it; StackFault with the compiler's complaint when it cannot be."""
    target = libraries_dir() / "clock_shift.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = ("-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC")
    run_logged(
        ("gcc", *flags, "-o", str(target), str(SOURCE)),
        log_file=install_log_dir() / "clock-shift.log",
        what="compiling the clock shim",
    )
    return target


def clock_variables(shim: Path, by_s: int) -> dict[str, str]:
    """The variables that shift the clock of a process started with them."""
    return {"LD_PRELOAD": str(shim), "CLOCK_SHIFT_S": str(by_s)}
