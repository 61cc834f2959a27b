"""`make storm` runs a script with k6 or the load generator, and judges the run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.places import CHECKOUT
from stack.storm.script import RUNNER
from stack.toolchains import node
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.e2e.reconnecting import ReconnectingBidder, bid_in_background
from tests.waiting import CALL_S

STAGES = "200ms:3,2s:3,300ms:0"
K6 = """#!/bin/sh
# The runner does what k6 would do; k6 itself is not installed.
[ "$1" = run ] && exec {node} --experimental-vm-modules --no-warnings {runner} run "$2"
"""


@pytest.fixture(scope="module")
def elsewhere(cluster: Cluster) -> Iterator[Gateway]:
    """A gateway at another address than the stack's own: nothing is measured or audited there."""
    with cluster.another_gateway("gateway-storm") as gateway:
        yield gateway


def storm(
    cluster: Cluster, at: Gateway, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "stack.storm", "--profile", cluster.stack.profile)
    return subprocess.run(
        (*command, "--url", at.base_url, *arguments),
        cwd=CHECKOUT,
        env={**os.environ, "STAGES": STAGES, **environment},
        capture_output=True,
        text=True,
        timeout=CALL_S,
        check=False,
    )


def test_the_load_generator_replaces_k6_where_it_is_missing(
    cluster: Cluster, elsewhere: Gateway
) -> None:
    result = storm(cluster, elsewhere, "storm")
    lines = result.stdout.splitlines()
    (lost,) = [line for line in lines if line.startswith("| bids without outcome")]
    assert lost.startswith("| bids without outcome within 5 s | 73 % (HTTP) | 58 % (HTTP) | 98.7 %")
    assert "| 0.00% (0 of " in lost, result
    assert "storm was driven by our load generator (k6/storm, Go)." in lines
    assert any(line.startswith("audit: not run") for line in lines)


def test_k6_is_preferred_when_it_is_on_path(
    cluster: Cluster, elsewhere: Gateway, tmp_path: Path
) -> None:
    k6 = tmp_path / "k6"
    k6.write_text(K6.format(node=node().node, runner=RUNNER), encoding="utf-8")
    k6.chmod(0o755)
    result = storm(
        cluster, elsewhere, "spread", AUCTIONS="2", PATH=f"{tmp_path}:{os.environ['PATH']}"
    )
    assert f"spread was driven by {k6}." in result.stdout, result
    assert "| 0.00% (0 of " in result.stdout


def test_the_runner_runs_scripts_the_load_generator_cannot(
    cluster: Cluster, elsewhere: Gateway
) -> None:
    result = storm(cluster, elsewhere, "chat", AUCTIONS="1")
    assert "chat was driven by the runner of the tests" in result.stdout, result
    assert "held    messages_disordered rate==0" in result.stdout
    assert "73 % (HTTP)" not in result.stdout, "it says nothing of bids"


def test_a_storm_fails_when_no_bid_is_decided(cluster: Cluster, elsewhere: Gateway) -> None:
    with cluster.without("bridge"):
        result = storm(cluster, elsewhere, "storm", STAGES="100ms:1,1200ms:1")
    assert result.returncode == 1
    assert "crossed: bid_failed rate<0.001: 1" in result.stdout


def test_users_are_prepared_for_a_k6_that_is_run_by_hand(
    cluster: Cluster, elsewhere: Gateway
) -> None:
    result = storm(cluster, elsewhere, "storm", "--prepare")
    assert result.returncode == 0, result
    (advice,) = [line for line in result.stdout.splitlines() if "k6 run" in line]
    assert f"BASE_URL={elsewhere.base_url} USERS=" in advice
    (file,) = [part for part in advice.split() if part.startswith("USERS=")]
    assert Path(file.removeprefix("USERS=")).exists()


def figures(result: "subprocess.CompletedProcess[str]") -> dict[str, list[str]]:
    """Return the cells of the table that compares Prometheus with the driver, by figure."""
    _, _, table = result.stdout.partition("| figure | driver | Prometheus | difference |\n")
    rows = [line.strip("| ").split(" | ") for line in table.partition("\n\n")[0].splitlines()[1:]]
    return {name: cells for name, *cells in rows}


@pytest.mark.usefixtures("prometheus")
@pytest.mark.parametrize("script", ["storm", "http"])
def test_prometheus_agrees_with_the_load_generator(cluster: Cluster, script: str) -> None:
    result = storm(cluster, cluster.gateway, script)
    found = figures(result)
    assert found.keys() == {"bids sent", "receipts", "accepted", "rejected", "decided bids/s"}
    for name, (driver, prometheus, difference) in found.items():
        assert driver == prometheus, (name, result.stdout)
        assert difference == "+0.00%"
    assert int(found["bids sent"][0]) > 3
    assert "Prometheus counts" not in result.stdout


@pytest.mark.usefixtures("prometheus")
def test_bids_of_others_are_reported_with_exit_code_1(cluster: Cluster, seller: Person) -> None:
    lot_id = create_lot(seller)["id"]
    outsider = ReconnectingBidder(cluster.gateway.sign_up("Stranger"), lot_id, [cluster.gateway])
    with bid_in_background([outsider], [], [cluster.gateway]):
        result = storm(cluster, cluster.gateway, "storm")
    outsider.close()
    assert result.returncode == 1
    assert "is more than 2%" in result.stdout, result
