"""`python -m stack.demo bid`, the smoke test of a deployment."""

import os
import subprocess
import sys

from stack.places import CHECKOUT
from tests.e2e.bidding import watch
from tests.e2e.cluster import Cluster


def place_one(**addresses: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "stack.demo", "bid"),
        cwd=CHECKOUT,
        env={**os.environ, **addresses},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_smoke_test_passes_when_bids_are_decided(cluster: Cluster) -> None:
    gateway = cluster.gateway
    done = place_one(BASE_URL=gateway.base_url, WS_URL=gateway.ws_url)
    assert (done.returncode, done.stderr) == (0, "")
    words = done.stdout.split()
    assert words[0] == "bid"
    assert words[2:4] == ["leads", "auction"]
    with gateway.enter() as viewer:
        auction = watch(viewer, {"id": int(words[4])})["auction"]
    assert (auction["bid_count"], auction["price"]) == (1, 1_000)


def test_the_smoke_test_without_a_server_fails_in_one_line() -> None:
    done = place_one(BASE_URL="http://127.0.0.1:9", WS_URL="ws://127.0.0.1:9/ws")
    assert done.returncode == 1
    assert done.stderr.startswith("bid: ")
    assert done.stderr.count("\n") == 1
