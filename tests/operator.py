"""An operator at the command line, with the settings of the running cluster or others."""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from bridge import audit, lanes, replay
from bridge.command import perform
from stack import Stack
from tests.containers import Container

PARSERS = {
    "audit": audit.make_parser,
    "replay": replay.make_parser,
    "lanes": lanes.make_parser,
}


class Operator:
    """Gives commands of the bridge to this process, which saves the start of another, or runs any
    command in a process of its own."""

    def __init__(self, stack: Stack, container: Container) -> None:
        self._stack, self._container = stack, container
        self.security: list[Any] = []
        """What commands have written to the security log."""

    def bridge(self, command: str, *arguments: str) -> str:
        """What a command that must succeed prints."""
        code, printed, complaint = self._perform(command, arguments)
        assert (code, complaint) == (0, "")
        return printed

    def refusal(self, command: str, *arguments: str) -> str:
        """The one line of a command that must be refused."""
        code, printed, complaint = self._perform(command, arguments)
        assert (code, printed, complaint.count("\n")) == (2, "", 1), complaint
        return complaint

    def listed(self, *filters: str) -> list[Any]:
        """The dead letters that `replay list` gives for these filters."""
        printed = self.bridge("replay", "list", "--limit", "100", "--json", *filters)
        return [json.loads(line) for line in printed.splitlines()]

    def run(self, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """Run `python -m ARGUMENTS` and return its result; `changes` are of its environment."""
        return subprocess.run(
            [str(self._stack.places.root / ".venv" / "bin" / "python"), "-m", *arguments],
            cwd=self._stack.places.root,
            env={**os.environ, **self._stack.environment(**changes)},
            capture_output=True,
            text=True,
            check=False,
        )

    def _perform(self, command: str, arguments: Sequence[str]) -> tuple[object, str, str]:
        printed, complaint = StringIO(), StringIO()
        with redirect_stdout(printed), redirect_stderr(complaint):
            try:
                code: object = perform(
                    PARSERS[command](), arguments, lambda *_, **__: self._container
                )
            except SystemExit as exited:
                code = exited.code
        lines = complaint.getvalue().splitlines(keepends=True)
        security = [line for line in lines if '"stream":"security"' in line]
        self.security += [json.loads(line) for line in security]
        return code, printed.getvalue(), "".join(line for line in lines if line not in security)
