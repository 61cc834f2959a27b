"""`python -m bridge audit`: its output and exit codes."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.adapters.postgres import schema
from app.services.auditing.invariants import INVARIANTS
from stack import Stack
from stack.places import executable
from tests.integration.audit.journals import Journal
from tests.integration.audit.scenario import SettledScenario
from tests.integration.audit.tampering import changed
from tests.operator import Operator

UNREACHABLE = "127.0.0.1:1"  # nothing listens there


@pytest.fixture
def environment(stack: Stack) -> dict[str, str]:
    return {**os.environ, **stack.environment()}


def run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (executable("python"), "-m", "bridge", "audit", *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_clean_audit_prints_a_line_per_invariant_and_exits_0(
    settled: SettledScenario, environment: dict[str, str], journal: Journal
) -> None:
    result = run(
        environment, "--auction", str(settled.open.auction_id), "--journal", str(journal.path)
    )
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line for line in result.stdout.splitlines() if line.startswith("I")]
    assert [line.split()[0] for line in lines] == list(INVARIANTS)
    assert "not checked" in lines[9]  # it has not ended
    assert "nothing is violated; not checked: I10" in result.stdout


def test_a_violation_is_named_and_exits_1(
    settled: SettledScenario, environment: dict[str, str]
) -> None:
    auctions = schema.auctions
    auction_id = settled.open.auction_id
    with changed(settled, auctions, auctions.c.id == auction_id, price=1):
        plain = run(environment, "--auction", str(auction_id))
        as_json = run(environment, "--auction", str(auction_id), "--json")
    assert plain.returncode == as_json.returncode == 1
    assert f"! auction {auction_id}: price 1, by its log 12000" in plain.stdout
    assert "VIOLATED: I7" in plain.stdout
    found = {entry["invariant"]: entry for entry in json.loads(as_json.stdout)["invariants"]}
    assert (found["I7"]["checked"], found["I7"]["violations"]) == (1, 1)
    assert found["I1"]["checked"] is None
    assert found["I1"]["not_checked"] == ["it needs --journal"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "yesterday"), "yesterday is no RFC 3339 time"),
        (("--since", "2026-01-01T00:00:00"), "has no time zone"),
        (("--auction", "999999999999"), "there is no auction 999999999999"),
        (("--auction", "9" * 30), "there is no auction 9999"),
        (("--auction", "one"), "there is no auction one"),
        (("--auction", "-1"), "there is no auction -1"),
        (("--journal", "/nowhere"), "/nowhere: No such file"),
        (("--nonsense",), "unrecognized arguments: --nonsense"),
    ],
)
def test_an_impossible_audit_is_refused_in_one_line(
    operator: Operator, arguments: tuple[str, ...], message: str
) -> None:
    assert message in operator.refusal("audit", *arguments)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1"),
        ('{"at_ms": 1}', "line 1"),
        (
            (
                '{"at_ms":1,"client":"c","user_id":1,"event":"told","transport":"ws",'
                '"frame":{"type":"bid.received","offset":"x"}}'
            ),
            "bid.received",
        ),
    ],
)
def test_an_invalid_journal_is_refused_in_one_line(
    settled: SettledScenario, operator: Operator, tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(line + "\n")
    auction_id = str(settled.open.auction_id)
    assert message in operator.refusal("audit", "--auction", auction_id, "--journal", str(path))


@pytest.mark.parametrize(
    ("variable", "address", "server"),
    [
        ("DATABASE_URL", f"postgresql://a:b@{UNREACHABLE}/c", "PostgreSQL"),
        ("KAFKA_BOOTSTRAP_SERVERS", UNREACHABLE, "Kafka"),
        ("MONGODB_URL", f"mongodb://{UNREACHABLE}/auction", "MongoDB"),
        ("REDIS_FANOUT_URL", f"redis://{UNREACHABLE}/0", "Redis"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_in_one_line(
    settled: SettledScenario, environment: dict[str, str], variable: str, address: str, server: str
) -> None:
    result = run({**environment, variable: address}, "--auction", str(settled.open.auction_id))
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"python -m bridge audit: {server} ")
