"""Liveness and readiness: what each dependency says, every question bounded in time."""

from collections.abc import Callable, Mapping
from pathlib import Path

import gevent
import msgspec
from flask import Flask, Response
from msgspec import Struct
from redis import Redis
from sqlalchemy import Engine

from app.adapters.kafka.probe import ask_brokers
from app.adapters.kafka.producer import BackgroundProducer
from app.bootstrap import Container
from app.settings import Settings

CHECK_TIMEOUT_S = 2.0
CONNECT_WAIT_S = 1.5  # a first bid would otherwise be told BUSY

PROBE_KEY, PROBE_KEY_S = "readyz", 10
# Chat waits for the one; without the other tokens are accepted until they expire.
NOT_FOR_BIDS = frozenset({"mongodb", "redis_auth"})

Check = Callable[[], None]


class Readiness(Struct, frozen=True):
    """`/readyz`: ready when bids can be taken and answered, degraded when anything is away."""

    ready: bool
    degraded: bool
    dependencies: dict[str, str]


class StackStatus(Struct, frozen=True):
    """What the supervisor's watcher writes."""

    dying: list[str]


class NotReadyError(Exception):
    """A dependency that answers, and not well."""


def install_health(app: Flask, container: Container) -> None:
    """`/healthz` and `/readyz`."""
    checks = dependency_checks(container)

    def healthz() -> Response:
        return Response(b'{"status":"ok"}', mimetype="application/json")

    def readyz() -> Response:
        found = readiness(checks)
        status = 200 if found.ready else 503
        return Response(msgspec.json.encode(found), status, mimetype="application/json")

    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)


def dependency_checks(container: Container) -> dict[str, Check]:
    """A check by dependency; each raises when it is not well."""
    settings = container.settings
    checks: dict[str, Check] = {
        "postgresql": lambda: _ask_postgresql(container.engine),
        "redis_fanout": lambda: _write(container.fanout),
        "redis_auth": lambda: _write(container.auth_redis),
        "kafka": lambda: _reach_log(settings, container.producer),
        "mongodb": container.messages.ping,
    }
    if settings.stack_status_file:
        checks["processes"] = lambda: check_processes(Path(settings.stack_status_file))
    return checks


def readiness(checks: Mapping[str, Check], timeout_s: float = CHECK_TIMEOUT_S) -> Readiness:
    """All checks at once; one that takes longer than `timeout_s` is not well."""
    asked = {name: gevent.spawn(_state, check) for name, check in checks.items()}
    gevent.joinall(list(asked.values()), timeout=timeout_s)
    states = {name: _answer(job) for name, job in asked.items()}
    away = {name for name, state in states.items() if state != "ok"}
    return Readiness(ready=away <= NOT_FOR_BIDS, degraded=bool(away), dependencies=states)


def check_processes(file: Path) -> None:
    """Raises NotReadyError, naming them, when processes keep dying."""
    try:
        dying = msgspec.json.decode(file.read_bytes(), type=StackStatus).dying
    except FileNotFoundError:
        return
    if dying:
        raise NotReadyError("keeps dying: " + ", ".join(dying))


def _answer(job: "gevent.Greenlet[..., str]") -> str:
    if job.ready():
        return str(job.value)
    job.kill(block=False)
    return "no answer in time"


def _state(check: Check) -> str:
    try:
        check()
    except NotReadyError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is not well
        return f"down ({type(error).__name__})"
    return "ok"


def _ask_postgresql(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")


def _write(redis: Redis) -> None:
    """A server that is full, or whose disk is, answers a ping and takes no write."""
    redis.set(PROBE_KEY, "1", ex=PROBE_KEY_S)


def _reach_log(settings: Settings, producer: BackgroundProducer) -> None:
    ask_brokers(settings, timeout_s=CHECK_TIMEOUT_S)
    if not producer.wait_connected(CONNECT_WAIT_S):
        raise NotReadyError("not connected yet")
