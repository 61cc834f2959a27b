"""Commands of operators, run as on the machine they would be run on."""

import os
import subprocess
from dataclasses import dataclass

from stack.places import executable
from stack.runtime import Stack

TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The exit code of a command, what it printed, and what it complained of."""

    code: int
    printed: str
    complaint: str


def python(stack: Stack, *arguments: str) -> CommandResult:
    """Run Python with these arguments in the environment of the stack's processes."""
    result = subprocess.run(
        (executable("python"), *arguments),
        cwd=stack.places.root,
        env={**os.environ, **stack.environment()},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return CommandResult(result.returncode, result.stdout, result.stderr)
