"""What a script of k6/ does, in its own words: stages, thresholds, transport."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.faults import StackFault
from stack.storm.target import SCRIPTS_DIR
from stack.toolchains import node

RUNNER = SCRIPTS_DIR / "runner" / "main.js"
# Users of these bid, so the load generator can be them.
BIDDING = ("ws", "http")
UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0}
THRESHOLD = re.compile(r"(rate|p\(95\))<([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Script:
    """A script's options and its exported `load`."""

    file: Path
    scenarios: Mapping[str, Mapping[str, Any]]
    thresholds: Mapping[str, tuple[str, ...]]
    transport: str
    auctions: int

    @property
    def users(self) -> int:
        """How many users take part at most, over all scenarios."""
        return sum(_users_of(scenario) for scenario in self.scenarios.values())

    @property
    def steady_s(self) -> float:
        """The longest time that the number of users stands still; 0 without such a stage."""
        found, before = 0.0, 0
        for stage in next(iter(self.scenarios.values())).get("stages", ()):
            if stage["target"] == before:
                found = max(found, _seconds(stage["duration"]))
            before = stage["target"]
        return found

    @property
    def stages(self) -> str:
        """The stages as the load generator takes them; StackFault when it cannot be these users."""
        (scenario, *others) = self.scenarios.values()
        if others or self.transport not in BIDDING:
            raise StackFault(f"the load generator cannot drive {self.file.stem}")
        return ",".join(f"{stage['duration']}:{stage['target']}" for stage in scenario["stages"])


def runner_command(verb: str, script: Path) -> tuple[str, ...]:
    """The command that lets the runner `run` or `describe` a script."""
    options = ("--experimental-vm-modules", "--no-warnings")
    return (node().node, *options, str(RUNNER), verb, str(script))


def read_script(file: Path) -> Script:
    """What `file` does under this environment (STAGES, SCALE …). Raises StackFault in its words."""
    environment = {name: value for name, value in os.environ.items() if name != "USERS"}
    result = subprocess.run(
        runner_command("describe", file),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise StackFault(f"{file.name}: {result.stderr.strip().removeprefix('runner: ')}")
    described = json.loads(result.stdout)
    options, load = described["options"], described["load"]
    return Script(
        file=file,
        scenarios=options["scenarios"],
        thresholds={name: tuple(found) for name, found in options["thresholds"].items()},
        transport=load["transport"],
        auctions=load["auctions"],
    )


def crossed(script: Script, report: Mapping[str, Any]) -> list[str]:
    """The thresholds of a script of bids that the load generator's report does not keep."""
    failures, offered = report["failures"], report["bids"]["offered"]
    figures = {
        ("bid_failed", "rate"): failures["share"],
        ("bid_outcome_ms", "p(95)"): report["result_ms"]["p95"],
        ("http_req_failed", "rate"): (failures["error"] + failures["missing"]) / offered,
    }
    return [
        f"{metric} {threshold}: {figures[metric, statistic]:g}"
        for metric, thresholds in script.thresholds.items()
        for threshold in thresholds
        for statistic, bound in THRESHOLD.findall(threshold)
        if not figures[metric, statistic] < float(bound)
    ]


def _seconds(length: str) -> float:
    number = length.rstrip("ms")
    return float(number) * UNITS_S[length.removeprefix(number)]


def _users_of(scenario: Mapping[str, Any]) -> int:
    if "vus" in scenario:
        return int(scenario["vus"])
    return max(int(stage["target"]) for stage in scenario["stages"])
