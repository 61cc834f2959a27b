"""What the scripts of k6/ need: users that are signed in, auctions, and something to run them."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack.bench.storm import prepare_run
from stack.builds import go_program
from stack.storm.script import runner_command
from stack.storm.target import SCRIPTS_DIR
from tests.e2e.cluster import Cluster
from tests.waiting import CALL_S, stretched

USERS, AUCTIONS = 12, 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. Thresholds are texts such as `bid_failed rate<0.001`."""

    code: int
    held: set[str]
    crossed: set[str]
    metrics: Mapping[str, Mapping[str, float]]
    complaints: str


RunScript = Callable[..., Outcome]


@pytest.fixture(scope="package")
def generator(cluster: Cluster) -> Path:
    """The load generator, which prepares the users."""
    return go_program("storm").ensure()


@pytest.fixture(scope="package")
def users_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the accounts are kept: their passwords are hashed once for all tests."""
    return tmp_path_factory.mktemp("k6") / "users.json"


@pytest.fixture
def prepared(cluster: Cluster, generator: Path, users_file: Path, tmp_path: Path) -> Path:
    """New tokens, and auctions without a bid."""
    target = tmp_path / "prepared.json"
    prepare_run(
        generator,
        url=cluster.gateway.base_url,
        users=USERS,
        auctions=AUCTIONS,
        users_file=users_file,
        target=target,
    )
    return target


@pytest.fixture
def auctions(prepared: Path) -> list[int]:
    """The auctions of `prepared`."""
    found: list[int] = json.loads(prepared.read_text(encoding="utf-8"))["auctions"]
    return found


@pytest.fixture
def run_script(cluster: Cluster, prepared: Path, tmp_path: Path) -> RunScript:
    """Runs a script in the runner, at small scale; keyword arguments are its environment."""

    def run(name: str, **environment: str) -> Outcome:
        summary = tmp_path / "summary.json"
        own = {
            "BASE_URL": cluster.gateway.base_url,
            "USERS": str(prepared),
            "SUMMARY": str(summary),
            "AUCTIONS": str(AUCTIONS),
            "OUTCOME_S": str(stretched(5)),
        }
        result = subprocess.run(
            runner_command("run", SCRIPTS_DIR / f"{name}.js"),
            env={**os.environ, **own, **environment},
            capture_output=True,
            text=True,
            timeout=CALL_S,
            check=False,
        )
        return _outcome(result, summary)

    return run


def _outcome(result: "subprocess.CompletedProcess[str]", summary: Path) -> Outcome:
    def verdicts(kind: str) -> set[str]:
        lines = [line for line in result.stdout.splitlines() if line.startswith(kind)]
        return {line.removeprefix(kind).rpartition(" (")[0].strip() for line in lines}

    return Outcome(
        code=result.returncode,
        held=verdicts("held"),
        crossed=verdicts("crossed"),
        metrics=_metrics(summary),
        complaints=result.stderr,
    )


def _metrics(summary: Path) -> dict[str, Any]:
    if not summary.exists():
        return {}
    found: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))["metrics"]
    return found
