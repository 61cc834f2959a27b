"""`make scale` on a whole stack that people bid on: no bid fails, none is doubled, all keep their
order, and what was scaled stays so.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest

from app.protocol.problems import CloseCode
from app.settings import read_settings
from stack import Stack
from stack.places import CHECKOUT
from tests.containers import build_container
from tests.e2e.client import Socket
from tests.e2e.faults.conftest import CROWD, MakeBidders
from tests.e2e.people import Gateway, Person
from tests.e2e.reconnecting import ReconnectingBidder, bid_in_background, check_bids
from tests.integration.lanes.cluster import LaneCluster
from tests.scraping import read, undeclared
from tests.waiting import wait_until

PROFILE = "scale"
BIDS_PER_PHASE = 60
WATCHERS = 20  # sockets: that one of two gateways gets none of them happens once in a million
FOUR = {f"worker-bids-{number}" for number in range(4)}


def run_make(verb: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a `make` command as an operator does."""
    wanted = {"PYTHON": sys.executable, "profile": PROFILE, **variables}
    return subprocess.run(
        ("make", verb, *(f"{name}={value}" for name, value in wanted.items())),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def make(verb: str, **variables: str) -> str:
    """What a command that must succeed printed."""
    done = run_make(verb, **variables)
    assert done.returncode == 0, (verb, variables, done.stdout, done.stderr)
    return done.stdout


def refusal(verb: str, **variables: str) -> str:
    """Return the line with which a command is refused, without the one that make adds."""
    done = run_make(verb, **variables)
    assert done.returncode == 2, done
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    return line


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The whole stack, as an operator starts it."""
    make("clean")  # what an interrupted run left
    make("up")
    yield Stack.of(PROFILE)
    make("clean")


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[Gateway]:
    """Its address, whichever process answers there."""
    address = Gateway("gateway", stack.settings.ports.gateway)
    yield address
    address.close_connections()


@pytest.fixture(scope="module")
def seller(gateway: Gateway) -> Person:
    """A user who sells."""
    return gateway.sign_up("Mina")


@pytest.fixture(scope="module")
def crowd(gateway: Gateway) -> list[Person]:
    """Users."""
    return [gateway.sign_up(f"Bidder {number}") for number in range(CROWD)]


@pytest.fixture(scope="module")
def lanes(stack: Stack) -> Iterator[LaneCluster]:
    """Its log and rows."""
    container = build_container(read_settings(stack.environment()), application="tests")
    yield LaneCluster(stack, container, prefix="")
    container.engine.dispose()


class Record:
    """The outcomes that bidders received, by phase."""

    def __init__(self, regulars: Sequence[ReconnectingBidder]) -> None:
        self._regulars = regulars
        self.lines: list[str] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A phase lasts until its block ends and BIDS_PER_PHASE more outcomes have come."""
        before, began = self._outcomes(), time.monotonic()
        yield
        wanted = before.total() + BIDS_PER_PHASE
        wait_until(lambda: self._outcomes().total() >= wanted, what=f"{wanted} outcomes {name}")
        received, seconds = self._outcomes() - before, time.monotonic() - began
        rate = received.total() / seconds
        self.lines.append(f"{name}: {rate:.0f} bids/s, {dict(received)}")

    def _outcomes(self) -> Counter[str]:
        received = [f["status"] for one in self._regulars for f in one.received("bid.result")]
        recovered = [status for one in self._regulars for status in list(one.recovered.values())]
        return Counter([*received, *recovered])


def online(stack: Stack) -> set[str]:
    """The nodes that Flower shows as online, without their host's name."""
    own = stack.addresses()
    log_in = (own["FLOWER_USER"], own["FLOWER_PASSWORD"])
    shown = httpx.get(f"{own['FLOWER_URL']}/workers", params={"json": "1"}, auth=log_in)
    nodes = shown.raise_for_status().json()["data"]
    return {node["hostname"].partition("@")[0] for node in nodes if node["status"]}


def wait_shown(stack: Stack, *, online_nodes: set[str], offline_nodes: set[str]) -> None:
    """Wait until Flower shows those workers that are there, and no other of the pool."""
    wait_until(
        lambda: (nodes := online(stack)) >= online_nodes and not nodes & offline_nodes,
        what=f"Flower shows {sorted(online_nodes)} and not {sorted(offline_nodes)}",
    )


def measured(stack: Stack) -> set[str]:
    """Return the processes whose memory is in the metrics."""
    shown = read(stack.addresses()["METRICS_URL"])
    return {process for name, process in shown if name == "process_resident_bytes"}


def wait_logged(stack: Stack, process: str, event: str) -> None:
    """Wait until a process has logged a step of any bid."""
    log = stack.control.log_file(process)
    wait_until(lambda: f'"{event}"' in log.read_text(encoding="utf-8"), what=f"{process}: {event}")


def workers() -> set[str]:
    """Those of pool bids that `make status` lists; everything runs."""
    names = {line.split()[0] for line in make("status").splitlines()}
    return {name for name in names if name.startswith("worker-bids")}


def reconnect(regulars: Sequence[ReconnectingBidder]) -> None:
    """A new connection may reach either gateway."""
    for regular in regulars:
        regular.sockets[0].close()


def saw_bye(sockets: Sequence[Socket]) -> int:
    """Return how many sockets have ended; each must have received `bye` before."""
    ended = [socket for socket in sockets if socket.close_code is not None]
    for socket in ended:
        assert socket.close_code == CloseCode.DRAIN, socket.frames[-3:]
        assert socket.pushes("bye"), socket.frames[-3:]
    return len(ended)


def test_pools_grow_and_shrink_under_load_and_no_bid_fails(
    stack: Stack,
    gateway: Gateway,
    lanes: LaneCluster,
    make_bidders: MakeBidders,
    crowd: Sequence[Person],
) -> None:
    requesters = make_bidders(2, [gateway])
    regulars = [ReconnectingBidder(one, requesters[0].lot_id, [gateway]) for one in crowd[2:12]]
    record = Record(regulars)
    with bid_in_background(regulars, requesters, [gateway]):
        with record.phase("before"):
            pass
        with record.phase("while pool bids grows to 4"):
            make("scale", pool="bids", n="4")
        wait_shown(stack, online_nodes=FOUR, offline_nodes=set())
        with record.phase("with 4 workers"):
            for worker in FOUR:
                wait_logged(stack, worker, "bid_decided")
        with record.phase("while pool gateway grows to 2"):
            make("scale", pool="gateway", n="2")
        with record.phase("with 2 gateways"):
            witnesses = [gateway.enter() for _ in range(WATCHERS)]
            reconnect(regulars)
            wait_logged(stack, "gateway-1", "bid_received")
        assert {*FOUR, "gateway-1"} <= measured(stack)
        assert not undeclared(stack.addresses()["METRICS_URL"])
        with record.phase("while both shrink"):
            make("scale", pool="gateway", n="1")
            make("scale", pool="bids", n="2")
        with record.phase("after"):
            pass
    print("\n".join(record.lines))
    wait_shown(
        stack, online_nodes={"worker-bids-0"}, offline_nodes={"worker-bids-2", "worker-bids-3"}
    )
    wait_until(lambda: not {"worker-bids-3", "gateway-1"} & measured(stack), what="metrics of two")
    assert 0 < saw_bye(witnesses) < WATCHERS
    check_bids(lanes, gateway, requesters, regulars)


def test_scaling_is_kept_and_a_refused_scaling_changes_nothing(
    gateway: Gateway,
) -> None:
    make("scale", pool="bids", n="3")
    three = {"worker-bids-0", "worker-bids-1", "worker-bids-2"}
    assert workers() == three
    assert "n=1000 is above this machine" in refusal("scale", pool="bids", n="1000")
    make("restart", p="worker-bids-2")
    assert workers() == three
    gateway.close_connections()
    make("down")
    assert "stack is down: `make up` starts it" in refusal("scale", pool="bids", n="2")
    make("up")
    assert workers() == three
