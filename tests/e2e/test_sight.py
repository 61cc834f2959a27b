"""What operators see of the running house: every metric, and what becomes of each when work stops,
waits, or dies."""

import os
import signal
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pytest

from app.protocol.tasks import NOTICE_QUEUE, PUBLISH_NOTICES_TASK, SEND_MAILS_TASK
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from lanes.declarations import DECLARED
from stack.places import executable
from stack.ports import HOST, is_free
from tests.e2e.cluster import Cluster, answers
from tests.e2e.locking import locked
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.scraping import Samples, above, read
from tests.waiting import wait_until

PROCESSES = ("gateway", "bridge", "worker-bids-0", "worker-bids-1", "worker-other", "metrics")
LAGS = [
    ("auction", AUCTION_BID.name),
    ("broadcast", AUCTION_EVENT.name), ("broadcast", CHAT_EVENT.name),
    ("broadcast", CHAT_MESSAGE.name), ("save", CHAT_MESSAGE.name), ("event", CHAT_EVENT.name),
]  # fmt: skip


def place_bid(person: Person, amount: int = 1_500) -> None:
    lot = create_lot(person)
    with person.gateway.sign_up("Carol").enter() as bidder:
        bidder.request("subscribe", channel=f"auction:{lot['id']}")
        bidder.request("bid.place", auction_id=lot["id"], amount=amount, key=uuid4().hex)


def chat(seller: Person, anna: Person) -> None:
    lot = create_lot(seller)
    room = anna.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot["id"]})
    anna.call("POST", f"/api/rooms/{room['id']}/join")
    with anna.enter() as socket:
        receipt = socket.request("chat.send", room_id=room["id"], text="hello", key=uuid4().hex)
        assert receipt["type"] == "chat.received", receipt


def test_every_declared_metric_shows_a_plausible_value(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    place_bid(seller)
    chat(seller, anna)
    cluster.run_task(SEND_MAILS_TASK)

    def missing_outcomes() -> set[str]:
        return {one.sample for one in DECLARED} - {name for name, _ in read(cluster.metrics_url)}

    wait_until(
        lambda: not missing_outcomes(), what=f"every metric; still missing: {missing_outcomes()}"
    )
    shown = read(cluster.metrics_url)
    assert all(value >= 0 for value in shown.values())
    for process in map(cluster.name, PROCESSES):
        assert 10e6 < shown["process_resident_bytes", process] < 2e9, process
        assert shown["process_running_threads", process] >= 1, process
        assert shown["process_used_cpu_seconds_total", process] > 0, process
        assert ("process_unexpected_restarts", process) in shown
    # Relay and clock keep a connection each, for their locks.
    assert (
        2 <= shown["pool_used_connections", "bridge"] <= shown["pool_allowed_connections", "bridge"]
    )
    assert (
        shown["postgres_allowed_connections", ""]
        > shown["postgres_open_connections", "workeridle"]
        > 0
    )
    assert {("group_lag_records", "".join(lag)) for lag in LAGS} <= shown.keys()


def lags_of(shown: Samples, unit: str) -> dict[tuple[str, str], float]:
    return {lag: shown[f"group_lag_{unit}", "".join(lag)] for lag in LAGS}


def test_consumer_lag_rises_while_stopped_and_falls_again(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    def is_behind(groups: set[str]) -> bool:
        shown = read(cluster.metrics_url)
        of = [lag for lag in LAGS if lag[0] in groups]
        records, seconds = lags_of(shown, "records"), lags_of(shown, "seconds")
        return all(records[lag] > 0 and seconds[lag] > 0 for lag in of)

    plain = {"broadcast", "save", "event"}
    with cluster.with_pipelines("ingest", "relay", "clock", "gauge"):
        place_bid(seller)
        chat(seller, anna)
        wait_until(lambda: is_behind(plain), what="the plain consumers are behind")
    with cluster.with_pipelines("relay", "clock", "gauge"):
        place_bid(seller)
        wait_until(lambda: is_behind({"auction"}), what="ingest is behind")

    def is_done() -> bool:
        shown = read(cluster.metrics_url)
        return not any({**lags_of(shown, "records"), **lags_of(shown, "seconds")}.values())

    wait_until(is_done, what="all have caught up")


def test_metrics_show_work_that_waits_for_a_lock(cluster: Cluster, seller: Person) -> None:
    lot = create_lot(seller)
    bidder = seller.gateway.sign_up("Dora").enter()
    with bidder, locked(cluster, "bids"):
        bidder.request("bid.place", auction_id=lot["id"], amount=1_500, key=uuid4().hex)
        wanted = {
            ("pool_used_connections", "worker"), ("backlog_waiting_lanes", AUCTION_BID.name),
            ("backlog_waiting_records", AUCTION_BID.name),
            ("backlog_age_seconds", AUCTION_BID.name),
            ("postgres_oldest_transaction_seconds", "session"),
            ("postgres_open_connections", "otheridle in transaction"),
        }  # fmt: skip
        seen: set[tuple[str, str]] = set()

        def all_seen() -> bool:
            shown = read(cluster.metrics_url)
            seen.update(at for at in wanted if shown[at] > 0)
            return seen == wanted

        wait_until(all_seen, what=f"{wanted} above 0")
    wait_until(
        lambda: read(cluster.metrics_url)["backlog_waiting_lanes", AUCTION_BID.name] == 0,
        what="it was settled",
    )


def test_waiting_tasks_are_counted(cluster: Cluster) -> None:
    waiting = ("queue_waiting_tasks", NOTICE_QUEUE)
    with cluster.without("worker-other"):
        cluster.run_task(PUBLISH_NOTICES_TASK)
        wait_until(lambda: read(cluster.metrics_url)[waiting] > 0, what="a task waits")
    wait_until(lambda: read(cluster.metrics_url)[waiting] == 0, what="it was taken")


def test_a_killed_process_counts_as_restart_and_keeps_its_usage(cluster: Cluster) -> None:
    name = cluster.name("worker-other")
    restarts = ("process_unexpected_restarts", name)
    used = ("process_used_cpu_seconds_total", name)
    before = read(cluster.metrics_url)
    old_pid = cluster.stack.control.kill(name)
    seen: list[float] = []

    def is_counted() -> bool:
        shown = read(cluster.metrics_url)
        seen.append(shown[used])
        return shown[restarts] == before[restarts] + 1 and shown[used] > before[used]

    wait_until(is_counted, what="a restart, and more processor time than before")
    cluster.stack.control.wait_restarted(name, old_pid=old_pid)
    assert seen == sorted(seen)
    assert seen[0] >= before[used]


def test_a_blocked_loop_shows_as_delay(cluster: Cluster, gateway: Gateway) -> None:
    def late() -> float:
        return above(cluster.metrics_url, "gateway_loop_delay_seconds", bound_s=2)

    before = late()
    master = cluster.stack.control.pid(gateway.name)
    worker, *_ = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    os.kill(int(worker), signal.SIGSTOP)
    time.sleep(2.5)  # nothing to wait for: this is how long nothing turns
    os.kill(int(worker), signal.SIGCONT)
    wait_until(lambda: late() > before, what="a delay of more than two seconds")


def commands(bind: str) -> dict[str, tuple[str, ...]]:
    worker = ("worker", "-Q", "maintenance", "--without-gossip", "--without-mingle")
    return {
        "bridge": ("python", "-m", "bridge", "gauge", "--http", bind),
        "worker": (
            "celery", "-q", "-A", "workers.celery_app", *worker, "-n", "alone@%h",
            "-P", "prefork", "-c", "2", "--http", bind,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["bridge", "worker"])
def test_bridge_and_workers_serve_their_own_metrics(
    cluster: Cluster, tmp_path: Path, kind: str
) -> None:
    port = next(port for port in range(cluster.gateway.port + 20, 65_535) if is_free(port))
    bind = f"{HOST}:{port}"
    command, *arguments = commands(bind)[kind]
    environment = {
        **os.environ,
        **cluster.stack.environment(PROMETHEUS_MULTIPROC_DIR=str(tmp_path)),
    }
    environment.pop("PROCESS_NAME", None)
    url = f"http://{bind}/metrics"
    started = subprocess.Popen(
        (executable(command), *arguments), env=environment, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: answers(url), what="metrics")
        sampled = ("process_resident_bytes", kind)
        wait_until(lambda: read(url).get(sampled, 0) > 10e6, what="a sample of the process")
        assert {process for name, process in read(url) if name == sampled[0]} == {kind, "metrics"}
    finally:
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        wait_until(lambda: not answers(url), what="the exporter ends with its process")
        if kind == "worker":  # the children of a killed Celery worker end by themselves
            os.killpg(started.pid, signal.SIGKILL)


@pytest.mark.parametrize(("kind", "bind"), [("bridge", "{taken}"), ("worker", "nowhere")])
def test_a_bad_metrics_address_is_one_line_and_exit_2(
    cluster: Cluster, tmp_path: Path, kind: str, bind: str
) -> None:
    bind = bind.format(taken=f"{HOST}:{cluster.gateway.port}")
    command, *arguments = commands(bind)[kind]
    environment = {
        **os.environ,
        **cluster.stack.environment(PROMETHEUS_MULTIPROC_DIR=str(tmp_path)),
    }
    done = subprocess.run(
        (executable(command), *arguments), env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert bind in line
