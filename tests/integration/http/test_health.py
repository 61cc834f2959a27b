"""Liveness, readiness with each dependency's state, metrics, headers."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import NullPool, create_engine

from app.protocol.channels import BACKLOGS
from app.protocol.fanout import backlog_decoder
from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
from app.web.app import create_app
from app.web.health import NOT_FOR_BIDS
from bridge.pipelines.gauge import Gauge
from lanes.pipelines.runner import Runner, StepTimes
from lanes.postgres.engine import driver_url
from tests.containers import Container, build_container
from tests.free_ports import free_port
from tests.integration.database import alembic, own_database
from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market
from tests.waiting import wait_until

DEPENDENCIES = {
    "postgresql": ("DATABASE_URL", "postgresql://u:p@{}/x"),
    "redis_fanout": ("REDIS_FANOUT_URL", "redis://{}/0"),
    "redis_auth": ("REDIS_AUTH_URL", "redis://{}/0"),
    "kafka": ("KAFKA_BOOTSTRAP_SERVERS", "{}"),
    "mongodb": ("MONGODB_URL", "mongodb://{}/x"),
}


def test_readyz_is_ready_when_all_dependencies_answer(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "status.json"
    file.write_text(json.dumps({"dying": [], "processes": {}}))
    with application(environment, STACK_STATUS_FILE=str(file)) as client:
        assert client.get("/healthz").get_json() == {"status": "ok"}
        answer = client.get("/readyz")
    assert answer.status_code == 200
    states = dict.fromkeys([*DEPENDENCIES, "pipelines", "settling", "processes"], "ok")
    assert answer.get_json() == {"ready": True, "degraded": False, "dependencies": states}


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_readyz_names_a_dependency_that_is_down(environment: dict[str, str], name: str) -> None:
    variable, url = DEPENDENCIES[name]
    with (
        refused_address() as address,
        application(environment, **{variable: url.format(address)}) as client,
    ):
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    states = answer.get_json()["dependencies"]
    found = answer.get_json()
    is_ready = name in NOT_FOR_BIDS
    assert (answer.status_code, found["ready"], found["degraded"]) == (
        200 if is_ready else 503, is_ready, True,
    )  # fmt: skip
    assert states[name].startswith("down (")
    assert {state for other, state in states.items() if other != name} == {"ok"}


@contextmanager
def redis_that_takes_no_write() -> Iterator[str]:
    """The address of a Redis that answers pings and refuses writes."""
    port = free_port()
    options = ("--save", "", "--bind", "127.0.0.1", "--min-replicas-to-write", "1")
    with subprocess.Popen(["redis-server", "--port", str(port), *options]) as server:
        try:
            redis = Redis(port=port)
            wait_until(lambda: _answers(redis), what="Redis answers")
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


@pytest.mark.parametrize("name", ["redis_fanout", "redis_auth"])
def test_a_redis_that_refuses_writes_is_not_ready(environment: dict[str, str], name: str) -> None:
    variable, url = DEPENDENCIES[name]
    with (
        redis_that_takes_no_write() as address,
        application(environment, **{variable: url.format(address)}) as client,
    ):
        answer = client.get("/readyz")
    states = answer.get_json()["dependencies"]
    assert states[name].startswith("down (")
    assert {state for other, state in states.items() if other != name} == {"ok"}
    assert answer.status_code == (503 if name == "redis_fanout" else 200)


def test_a_crash_looping_process_is_named_and_bids_pass(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "status.json"
    file.write_text(json.dumps({"dying": ["flower"], "processes": {}}))
    with application(environment, STACK_STATUS_FILE=str(file)) as client:
        answer = client.get("/readyz")
        found = answer.get_json()
        assert (answer.status_code, found["ready"], found["degraded"]) == (200, True, True)
        assert found["dependencies"]["processes"] == "keeps dying: flower"
        file.write_text("not JSON")
        assert client.get("/readyz").get_json()["degraded"]
        file.unlink()  # the watcher has not written yet
        assert not client.get("/readyz").get_json()["degraded"]


def test_a_read_only_database_is_not_ready(environment: dict[str, str]) -> None:
    with own_database("standby") as own:
        alembic(own, "upgrade", "head")
        url = driver_url(own["DATABASE_URL"])
        with create_engine(url, poolclass=NullPool).begin() as connection:
            statement = f"ALTER DATABASE {url.database} SET default_transaction_read_only = on"
            connection.exec_driver_sql(statement)
        with application(environment, DATABASE_URL=own["DATABASE_URL"]) as client:
            answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["dependencies"]["postgresql"] == "takes no writes"


def test_more_copies_than_the_topic_has_are_never_acknowledged(environment: dict[str, str]) -> None:
    with application(environment, KAFKA_MIN_ISR="2") as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["dependencies"]["kafka"] == "12 of 12 partitions take no records"


@pytest.mark.parametrize("path", ["/api/products", "/api/nothing", "/api/me", "/healthz", "/"])
def test_every_answer_has_the_security_headers(market: Market, path: str) -> None:
    headers = market.call("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_a_personal_answer_is_not_cacheable(market: Market) -> None:
    assert market.call("GET", "/api/products").headers["Cache-Control"] == "no-store"


class Blocked:
    """A pipeline whose step ends when a test says so."""

    def __init__(self, name: str) -> None:
        self.name, self.released = name, threading.Event()

    def open(self) -> None: ...

    def step(self) -> None:
        self.released.wait()

    def close(self) -> None: ...


@contextmanager
def bridge_with(blocked: Blocked, container: Container) -> Iterator[None]:
    """A bridge with this pipeline, whose news come to the gateway of `container`."""
    step_times = StepTimes(stuck_after_s=0.2)
    source = container.lane_backlog(AUCTION_BID)
    gauge = Gauge(source, redis=container.fanout, stuck=step_times.stuck)
    runner = Runner([blocked, gauge], step_times=step_times)
    subscription = container.fanout.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    subscription.subscribe(
        **{BACKLOGS: lambda item: container.admission.update(backlog_decoder.decode(item["data"]))}
    )
    listening = subscription.run_in_thread(sleep_time=0.1)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield
    finally:
        runner.stop()
        blocked.released.set()
        thread.join()
        listening.stop()
        listening.join()


@pytest.mark.parametrize(("name", "status"), [("relay", 503), ("save", 200)])
def test_a_stuck_pipeline_is_seen_by_readyz_and_a_metric(
    environment: dict[str, str], name: str, status: int
) -> None:
    container = build_container(read_settings(environment), application="tests")
    client, blocked = create_app(container).test_client(), Blocked(name)

    def state() -> str:
        return str(client.get("/readyz").get_json()["dependencies"]["pipelines"])

    with bridge_with(blocked, container):
        wait_until(lambda: state() == f"stuck: {name}", what="it is named")
        answer = client.get("/readyz")
        found = answer.get_json()
        assert (answer.status_code, found["ready"], found["degraded"]) == (
            status, status == 200, True,
        )  # fmt: skip
        ended_at = REGISTRY.get_sample_value("pipeline_step_ended_seconds", {"pipeline": name})
        assert ended_at is not None
        assert ended_at < time.time()
        blocked.released.set()
        wait_until(lambda: state() == "ok", what="it goes on")
    container.engine.dispose()
    container.producer.close()
