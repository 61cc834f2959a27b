"""The load generator is followed phase by phase; its report or its complaint comes back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stack.bench.options import parse
from stack.bench.storm import Load, run_storm, storm_meanwhile
from stack.faults import StackFault

LOAD = Load(rate=100, seconds=1, sockets=10, auctions=1, mode="ws", subscribe=False)
ADDRESSES = {"BASE_URL": "http://127.0.0.1:1", "WS_URL": "ws://127.0.0.1:1/ws"}


def generator(directory: Path, script: str) -> Path:
    file = directory / "storm"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o700)
    return file


def test_phases_are_reported_in_order_with_the_report(tmp_path: Path) -> None:
    script = """
    echo "phase=storm bids=100" >&2
    echo "phase=done open=0" >&2
    printf '{"arguments": "%s"}' "$*"
    """
    phases: list[str] = []
    report = run_storm(
        generator(tmp_path, script),
        LOAD,
        addresses=ADDRESSES,
        users_file=tmp_path / "users.json",
        on_phase=phases.append,
    )
    assert phases == ["storm", "done"]
    assert "--rate=100" in report["arguments"]
    assert f"--tokens={tmp_path}/users.json" in report["arguments"]
    assert json.dumps(report)


def test_a_failing_generators_own_message_is_raised(tmp_path: Path) -> None:
    script = 'echo "phase=sign_in users=11" >&2; echo "storm: no socket" >&2; exit 1'
    with pytest.raises(StackFault, match="no socket"):
        run_storm(
            generator(tmp_path, script),
            LOAD,
            addresses=ADDRESSES,
            users_file=tmp_path / "users.json",
            on_phase=lambda _: None,
        )


@pytest.mark.parametrize(("known", "message"), [(1, "10 users sign up"), (11, ""), (99, "")])
def test_users_who_sign_up_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], known: int, message: str
) -> None:
    script = f'echo "phase=sign_in users=11 known={known}" >&2; echo "{{}}"'
    run_storm(
        generator(tmp_path, script),
        LOAD,
        addresses=ADDRESSES,
        users_file=tmp_path / "users.json",
        on_phase=lambda _: None,
    )
    assert capsys.readouterr().out.strip().partition(":")[0] == message


def test_stages_replace_rate_and_sockets(tmp_path: Path) -> None:
    script = """
    echo "phase=done" >&2
    printf '{"arguments": "%s"}' "$*"
    """
    report = run_storm(
        generator(tmp_path, script),
        replace(LOAD, stages="5s:100,5s:0"),
        addresses=ADDRESSES,
        users_file=tmp_path / "users.json",
        on_phase=lambda _: None,
    )
    assert "--stages=5s:100,5s:0" in report["arguments"]
    assert "--rate" not in report["arguments"]
    assert "--sockets" not in report["arguments"]


def test_the_benchmarks_sockets_subscribe_by_default() -> None:
    assert parse([]).subscribe
    assert not parse(["--no-subscribe"]).subscribe


def test_viewers_and_ending_auctions_are_passed_to_the_generator(tmp_path: Path) -> None:
    report = run_storm(
        generator(tmp_path, """printf '{"arguments": "%s"}' "$*" """),
        replace(LOAD, viewers=50, ending=True, tick_ms=0.2),
        addresses=ADDRESSES,
        users_file=tmp_path / "users.json",
        on_phase=lambda _: None,
    )
    assert "--viewers=50 --ending=true --settle=2.0s --tick=0.2ms" in report["arguments"]


def test_a_background_storm_lasts_until_it_is_stopped(tmp_path: Path) -> None:
    script = 'echo "phase=storm bids=1" >&2; exec sleep 600'
    users = tmp_path / "users.json"
    with storm_meanwhile(generator(tmp_path, script), LOAD, addresses=ADDRESSES, users_file=users):
        pass


def test_a_background_storm_that_ends_by_itself_is_a_fault(tmp_path: Path) -> None:
    program = generator(tmp_path, 'echo "storm: no socket" >&2; exit 1')
    users = tmp_path / "users.json"
    with (
        pytest.raises(StackFault, match="too early: no socket"),
        storm_meanwhile(program, LOAD, addresses=ADDRESSES, users_file=users),
    ):
        pass
