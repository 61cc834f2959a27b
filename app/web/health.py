"""Liveness and readiness: what each dependency says, every question bounded in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import gevent
import msgspec
from flask import Flask, Response
from msgspec import Struct
from redis import Redis
from sqlalchemy import Engine

from app.adapters.kafka.producer import BackgroundProducer
from app.bootstrap.gateway import WebContainer
from app.protocol.topics import AUCTION_BID, BROADCAST_GROUP
from app.services.backlog import Admission
from app.services.epochs import OlderDatabaseError

CHECK_TIMEOUT_S = 2.0
CONNECT_WAIT_S = 1.5  # otherwise a first bid would get BUSY
ANSWER_MARGIN_S = 0.25  # so that the answer names the silent store
OK = "ok"
PROBE_KEY, PROBE_KEY_S = "readyz", 10
# Chat waits for the first; without the second tokens are accepted until they expire; whether bids
# are answered while a process keeps dying is seen by `settling` (docs/operations.md, Ready).
NOT_FOR_BIDS = frozenset({"mongodb", "redis_auth", "processes"})

# The pipelines that a bid passes; of the bridge's others only chat and gauges depend.
PIPELINES_OF_BIDS = frozenset({f"ingest:{AUCTION_BID.name}", "relay", BROADCAST_GROUP, "clock"})

Check = Callable[[], None]


class Readiness(Struct, frozen=True):
    """`/readyz`: ready when bids can be taken and answered, degraded when anything is away."""

    ready: bool
    degraded: bool
    dependencies: dict[str, str]


class StackStatus(Struct, frozen=True):
    """The file of the supervisor's watcher."""

    dying: list[str]


class NotReadyError(Exception):
    """A dependency that answers but cannot work."""


class DegradedError(Exception):
    """A dependency that works, as far as bids need it, or would not with one fault more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check, in words for operators, and whether bids depend on it."""

    state: str
    stops_bids: bool


def install_health(app: Flask, container: WebContainer) -> None:
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


def dependency_checks(container: WebContainer) -> dict[str, Check]:
    """A check by dependency; each raises when it is not well."""
    settings = container.settings
    checks: dict[str, Check] = {
        "postgresql": lambda: _check_postgresql(container.engine),
        "redis_fanout": lambda: _write(container.fanout),
        "redis_auth": lambda: _write(container.auth_redis),
        "kafka": lambda: _view_log(container.producer, min_isr=settings.kafka_min_isr),
        "mongodb": container.messages.ping,
        "pipelines": lambda: check_pipelines(container.admission),
        "settling": lambda: check_settling(
            container.admission, unanswered_s_max=settings.limits.unanswered_s_max
        ),
    }
    if settings.stack_status_file:
        checks["processes"] = lambda: check_processes(Path(settings.stack_status_file))
    return checks


def readiness(checks: Mapping[str, Check], timeout_s: float = CHECK_TIMEOUT_S) -> Readiness:
    """Run all checks at once; one that takes longer than `timeout_s` fails."""
    jobs = {name: gevent.spawn(_find, name, check) for name, check in checks.items()}
    gevent.joinall(list(jobs.values()), timeout=timeout_s)
    found = {name: _answer(name, job) for name, job in jobs.items()}
    return Readiness(
        ready=not any(finding.stops_bids for finding in found.values()),
        degraded=any(finding.state != OK for finding in found.values()),
        dependencies={name: finding.state for name, finding in found.items()},
    )


def check_settling(admission: Admission, *, unanswered_s_max: float) -> None:
    """Raise NotReadyError when bids have gone without outcomes for too long, whether the bridge,
    the workers, or the Redis of their wake-ups is at fault."""
    quiet_s = admission.quiet_s(AUCTION_BID)
    if quiet_s > unanswered_s_max:
        raise NotReadyError(f"no bid is known to have been decided for {quiet_s:.0f} s")


def check_pipelines(admission: Admission) -> None:
    """Raise NotReadyError when a pipeline that bids pass is stuck, DegradedError when another
    is."""
    stuck = admission.stuck_pipelines()
    if not stuck:
        return
    state = f"stuck: {', '.join(sorted(stuck))}"
    raise DegradedError(state) if PIPELINES_OF_BIDS.isdisjoint(stuck) else NotReadyError(state)


def check_processes(file: Path) -> None:
    """Raises NotReadyError, naming them, when processes keep dying."""
    try:
        dying = msgspec.json.decode(file.read_bytes(), type=StackStatus).dying
    except FileNotFoundError:
        return
    if dying:
        raise NotReadyError("keeps dying: " + ", ".join(dying))


def _answer(name: str, job: "gevent.Greenlet[..., Finding]") -> Finding:
    found = job.value  # None until it has ended
    if found is None:
        job.kill(block=False)
        return _failed(name, "no answer in time")
    return found


def _find(name: str, check: Check) -> Finding:
    try:
        check()
    except DegradedError as error:
        return Finding(str(error), stops_bids=False)
    except (NotReadyError, OlderDatabaseError) as error:
        return _failed(name, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is not well
        return _failed(name, f"down ({type(error).__name__})")
    return Finding(OK, stops_bids=False)


def _failed(name: str, state: str) -> Finding:
    return Finding(state, stops_bids=name not in NOT_FOR_BIDS)


def _check_postgresql(engine: Engine) -> None:
    """A standby answers as well as a primary, and no bid is decided on it."""
    with engine.connect() as connection:
        if connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on":
            raise NotReadyError("takes no writes")


def _write(redis: Redis) -> None:
    """Write a key: a server that is full, or whose disk is, answers a ping and takes no write."""
    redis.set(PROBE_KEY, "1", ex=PROBE_KEY_S)


def _view_log(producer: BackgroundProducer, *, min_isr: int) -> None:
    if not producer.wait_connected(CONNECT_WAIT_S):
        raise NotReadyError("down (not connected)")
    view = producer.view(AUCTION_BID, timeout_s=CHECK_TIMEOUT_S - ANSWER_MARGIN_S)
    if refusal := view.refusal(min_isr):
        raise NotReadyError(refusal)
    if degradation := view.degradation():
        raise DegradedError(degradation)
