"""The application's processes: what the supervisor runs once the servers are ready."""

from collections.abc import Mapping
from pathlib import Path

from stack.places import CHECKOUT
from stack.ports import HOST
from stack.programs import Program
from stack.settings import Settings

PIPELINES = ("ingest", "relay", "broadcast", "save", "event", "clock", "gauge")
VIRTUAL_ENVIRONMENT = CHECKOUT / ".venv"


def application_programs(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    run_dir: Path,
    prefix: str = "",
) -> list[Program]:
    """All application processes, in the order they are started.

    `prefix` goes before every name, and before every Celery node's, so that tests may run a
    second application, with another `environment`, beside the first.
    """
    bids = [
        _worker(f"{prefix}worker-bids-{number}", environment, queues="bids", pool=("solo",))
        for number in range(settings.sizes.worker_bids)
    ]
    other = _worker(
        f"{prefix}worker-other",
        environment,
        queues="notices,maintenance",
        pool=("threads", "--concurrency", "4"),
    )
    schedule = run_dir / f"{prefix}celerybeat-schedule"
    return [
        _program(f"{prefix}gateway", environment, "gunicorn", "wsgi:app", stop_wait_s=30),
        _program(f"{prefix}metrics", environment, "python", "-m", "app.exporter"),
        _program(f"{prefix}bridge", environment, "python", "-m", "bridge", *PIPELINES),
        *bids,
        other,
        _celery(f"{prefix}beat", environment, "beat", "--schedule", str(schedule), "--pidfile="),
        _flower(f"{prefix}flower", settings, environment),
    ]


def executable(name: str) -> str:
    """A program of the virtual environment."""
    return str(VIRTUAL_ENVIRONMENT / "bin" / name)


def _worker(
    name: str, environment: Mapping[str, str], *, queues: str, pool: tuple[str, ...]
) -> Program:
    """A Celery worker; gossip and mingle only let workers gossip about each other."""
    options = ("-Q", queues, "-n", f"{name}@%h", "--without-gossip", "--without-mingle")
    return _celery(name, environment, "worker", "-P", *pool, *options)


def _flower(name: str, settings: Settings, environment: Mapping[str, str]) -> Program:
    # In the environment, because everybody may read a command line.
    log_in = f"{environment['FLOWER_USER']}:{environment['FLOWER_PASSWORD']}"
    address = (f"--address={HOST}", f"--port={settings.ports.flower}")
    return _celery(name, {**environment, "FLOWER_BASIC_AUTH": log_in}, "flower", *address)


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
