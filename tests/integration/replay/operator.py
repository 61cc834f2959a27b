"""Somebody at the command line, with the settings of the running house or others."""

import json
import os
import subprocess
from typing import Any

from stack import Stack


class Operator:
    """Runs commands to their end."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def run(self, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """`python -m ARGUMENTS`, whatever comes of it; `changes` are of its environment."""
        return subprocess.run(
            [str(self._stack.places.root / ".venv" / "bin" / "python"), "-m", *arguments],
            cwd=self._stack.places.root,
            env={**os.environ, **self._stack.environment(**changes)},
            capture_output=True,
            text=True,
            check=False,
        )

    def bridge(self, *arguments: str) -> str:
        """What a command of the bridge that must succeed prints."""
        done = self.run("bridge", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def listed(self, *filters: str) -> list[Any]:
        """The dead letters that `replay list` gives for these filters."""
        printed = self.bridge("replay", "list", "--limit", "100", "--json", *filters)
        return [json.loads(line) for line in printed.splitlines()]

    def refusal(self, *arguments: str, **changes: str) -> str:
        """The one line of a command that must be refused."""
        done = self.run("bridge", *arguments, **changes)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
        return done.stderr
