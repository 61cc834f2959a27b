"""The application's processes: what the supervisor runs once the servers are ready."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from stack.places import executable
from stack.ports import HOST
from stack.programs import Program
from stack.settings import Settings

PIPELINES = ("ingest", "relay", "broadcast", "save", "event", "clock", "gauge")
POOL_NAMES = {
    "gateway": "gateway",
    "bridge": "bridge",
    "bids": "worker-bids",
    "other": "worker-other",
}
KAFKA_LOG_IN = (
    "KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD",
)  # fmt: skip
METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"  # processes with it share their metrics
LOWER_PRIORITY = ("nice", "--adjustment=10")  # as app/exporter.py gives itself


def application_programs(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    log_ins: Mapping[str, Mapping[str, str]],
    run_dir: Path,
    prefix: str = "",
) -> list[Program]:
    """All application processes, in the order they are started.

    `log_ins` says by pool as whom its processes come to Kafka; the others do not.

    `prefix` goes before every name, and before every Celery node's, so that tests may run a
    second application, with another `environment`, beside the first.
    """
    environment = {key: environment[key] for key in environment if key not in KAFKA_LOG_IN}
    gateways, bridges, bids, other = (
        [
            POOLS[pool](prefix + name, {**environment, **log_ins.get(pool, {})})
            for name in pool_names(pool, settings.pools[pool].size)
        ]
        for pool in POOL_NAMES
    )
    schedule = run_dir / f"{prefix}celerybeat-schedule"
    return [
        *gateways,
        _program(f"{prefix}metrics", environment, "python", "-m", "app.exporter"),
        *bridges,
        *bids,
        *other,
        _celery(f"{prefix}beat", environment, "beat", "--schedule", str(schedule), "--pidfile="),
        _flower(f"{prefix}flower", settings, environment),
        *([_providers(f"{prefix}providers", settings, environment)] if settings.providers else []),
    ]


def pool_names(pool: str, size: int) -> list[str]:
    """Return the names of a pool's processes: `worker-bids-0`, …; `gateway`, `gateway-1`, …"""
    name = POOL_NAMES[pool]
    first = f"{name}-0" if pool == "bids" else name
    return [first, *(f"{name}-{number}" for number in range(1, size))]


def pool_of(name: str) -> str | None:
    """Return the pool that the process of this name belongs to, whatever its number; None: none."""
    stem, _, number = name.rpartition("-")
    kind = stem if number.isdecimal() else name
    return next((pool for pool, own in POOL_NAMES.items() if own == kind), None)


def _gateway(name: str, environment: Mapping[str, str]) -> Program:
    return _program(name, environment, "gunicorn", "wsgi:app", stop_wait_s=30)


def _bridge(name: str, environment: Mapping[str, str]) -> Program:
    return _program(name, environment, "python", "-m", "bridge", *PIPELINES)


def _worker_bids(name: str, environment: Mapping[str, str]) -> Program:
    return _worker(name, environment, queues="bids", pool=("solo",))


def _worker_other(name: str, environment: Mapping[str, str]) -> Program:
    threads = ("threads", "--concurrency", "4")
    return _worker(name, environment, queues="notices,maintenance", pool=threads)


def _worker(
    name: str, environment: Mapping[str, str], *, queues: str, pool: tuple[str, ...]
) -> Program:
    """A Celery worker; gossip and mingle only let workers gossip about each other."""
    options = ("-Q", queues, "-n", f"{name}@%h", "--without-gossip", "--without-mingle")
    return _celery(name, environment, "worker", "-P", *pool, *options)


def _flower(name: str, settings: Settings, environment: Mapping[str, str]) -> Program:
    """Flower, which serves no bid: whoever looks at it, or scrapes it, takes no bid's time.

    It serves its metrics itself: among those of the others they would be twice.
    """
    own = {key: value for key, value in environment.items() if key != METRICS_DIRECTORY}
    # In the environment, because everybody may read a command line.
    own["FLOWER_BASIC_AUTH"] = f"{environment['FLOWER_USER']}:{environment['FLOWER_PASSWORD']}"
    address = (f"--address={HOST}", f"--port={settings.ports.flower}")
    flower = _celery(name, own, "flower", *address)
    return replace(flower, command=(*LOWER_PRIORITY, *flower.command))


def _providers(name: str, settings: Settings, environment: Mapping[str, str]) -> Program:
    """Google, Kakao and Naver; it is given nothing of what opens our stores."""
    own = {
        "PROFILE": environment["PROFILE"],
        "PROVIDERS_PORT": str(settings.ports.providers),
        "PROVIDERS_CLIENT_ID": environment["GOOGLE_CLIENT_ID"],
        "PROVIDERS_CLIENT_SECRET": environment["GOOGLE_CLIENT_SECRET"],
    }
    return _program(name, own, "python", "-m", "stack.providers")


def _celery(name: str, environment: Mapping[str, str], *arguments: str) -> Program:
    return _program(name, environment, "celery", "-q", "-A", "workers.celery_app", *arguments)


def _program(
    name: str, environment: Mapping[str, str], command: str, *arguments: str, stop_wait_s: int = 15
) -> Program:
    return Program(
        name=name,
        command=(executable(command), *arguments),
        environment=environment,
        stop_wait_s=stop_wait_s,
    )


# How a process of each pool is made, from its name and the environment.
POOLS: dict[str, Callable[[str, Mapping[str, str]], Program]] = {
    "gateway": _gateway,
    "bridge": _bridge,
    "bids": _worker_bids,
    "other": _worker_other,
}
