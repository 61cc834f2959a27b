"""The application's processes: what the supervisor runs once the servers are ready."""

from collections.abc import Callable, Mapping, Sequence
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
CELERY = ("celery", "-q", "-A", "workers.celery_app")
ALONE = ("--without-gossip", "--without-mingle")  # messages between workers, which nothing needs
LOWER_PRIORITY = ("nice", "--adjustment=10")  # as app/exporter.py gives itself
# Of what works in batches, on the machine of the gateway: becoming ready, it does not interrupt a
# turn of the gateway's loop; else that happened 700 times a second (docs/performance.md).
AS_BATCH = ("chrt", "--batch", "0", "nice", "--adjustment=5")


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
    plain = {key: environment[key] for key in environment if key not in KAFKA_LOG_IN}

    def program(
        name: str,
        *command: str,
        priority: Sequence[str] = (),
        stop_wait_s: int = 15,
        **changes: str,
    ) -> Program:
        first, *arguments = command
        whole = (*priority, executable(first), *arguments)
        return Program(prefix + name, whole, {**plain, **changes}, stop_wait_s=stop_wait_s)

    def pool(
        kind: str,
        command: Callable[[str], tuple[str, ...]],
        *,
        priority: Sequence[str] = AS_BATCH,
        stop_wait_s: int = 15,
    ) -> list[Program]:
        log_in = log_ins.get(kind, {})
        return [
            program(
                name, *command(prefix + name), priority=priority, stop_wait_s=stop_wait_s, **log_in
            )
            for name in pool_names(kind, settings.pools[kind].size)
        ]

    def worker(name: str, *options: str) -> tuple[str, ...]:
        return (*CELERY, "worker", "-P", *options, "-n", f"{name}@%h", *ALONE)

    threads = ("threads", "--concurrency", "4", "-Q", "notices,maintenance")
    schedule = run_dir / f"{prefix}celerybeat-schedule"
    return [
        *pool("gateway", lambda _: ("gunicorn", "wsgi:app"), priority=(), stop_wait_s=30),
        program("metrics", "python", "-m", "app.exporter"),
        *pool("bridge", lambda _: ("python", "-m", "bridge", *PIPELINES)),
        *pool("bids", lambda name: worker(name, "solo", "-Q", "bids")),
        *pool("other", lambda name: worker(name, *threads)),
        program("beat", *CELERY, "beat", "--schedule", str(schedule), "--pidfile="),
        _flower(f"{prefix}flower", settings, plain),
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


def _flower(name: str, settings: Settings, environment: Mapping[str, str]) -> Program:
    """Flower, which serves no bid: whoever looks at it, or scrapes it, takes no bid's time.

    It serves its metrics itself: among those of the others they would be twice.
    """
    own = {key: value for key, value in environment.items() if key != METRICS_DIRECTORY}
    # In the environment, because all users can read a command line.
    own["FLOWER_BASIC_AUTH"] = f"{environment['FLOWER_USER']}:{environment['FLOWER_PASSWORD']}"
    address = (f"--address={HOST}", f"--port={settings.ports.flower}")
    celery = (executable(CELERY[0]), *CELERY[1:])
    return Program(name, (*LOWER_PRIORITY, *celery, "flower", *address), own)


def _providers(name: str, settings: Settings, environment: Mapping[str, str]) -> Program:
    """Google, Kakao and Naver; it is given nothing of what opens our stores."""
    own = {
        "PROFILE": environment["PROFILE"],
        "PROVIDERS_PORT": str(settings.ports.providers),
        "PROVIDERS_CLIENT_ID": environment["GOOGLE_CLIENT_ID"],
        "PROVIDERS_CLIENT_SECRET": environment["GOOGLE_CLIENT_SECRET"],
    }
    return Program(name, (executable("python"), "-m", "stack.providers"), own)
