"""Somebody at the command line, with the settings of the running house or others."""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from app.bootstrap import Container
from bridge import lanes, replay
from bridge.command import perform
from stack import Stack

PARSERS = {"replay": replay.make_parser, "lanes": lanes.make_parser}


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

    def refusal_here(self, container: Container, command: str, arguments: Sequence[str]) -> str:
        """As `refusal`, by this process: it costs no start of another."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code: object = perform(PARSERS[command](), arguments, lambda *_, **__: container)
            except SystemExit as exited:
                code = exited.code
        assert (code, out.getvalue(), err.getvalue().count("\n")) == (2, "", 1), err.getvalue()
        return err.getvalue()

    def refusal(self, *arguments: str, **changes: str) -> str:
        """The one line of a command that must be refused."""
        done = self.run("bridge", *arguments, **changes)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
        return done.stderr
