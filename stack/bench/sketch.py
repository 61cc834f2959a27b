"""The sketch of the hot path, on the servers of the benchmark, driven by its own generator.

It is no part of the repository: a folder beside the checkout, or where SKETCH_DIR says. It decides
with one `if` and does far less than the house for a bid; only the ratio of both, measured by turns
on one machine, says anything.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from stack.bench.accounting import usage_by_name
from stack.bench.measurement import (
    HELD_MAX_MS,
    HELD_P99_MS,
    P99_MAX_MS,
    Measurement,
)
from stack.commands import plain_environment, run_logged
from stack.faults import StackFault, UsageFault
from stack.places import CHECKOUT, executable
from stack.ports import HOST
from stack.runtime import Stack
from stack.toolchains import go

SETTING = "SKETCH_DIR"
BESIDE = CHECKOUT.parent / "shared" / "sketch"
WORK_DIR = CHECKOUT / "var" / "sketch"
SERVERS = ("kafka", "postgresql", "redis")
SOCKETS = 1_000
PORT = 18_000  # moved as all ports are
TO_KAFKA = "bootstrap_servers=os.environ['KAFKA_BOOTSTRAP_SERVERS']"
LOG_IN = ", ".join(
    f"{argument}=os.environ['KAFKA_{variable}']"
    for argument, variable in {
        "security_protocol": "SECURITY_PROTOCOL",
        "sasl_mechanism": "SASL_MECHANISM",
        "sasl_plain_username": "SASL_USERNAME",
        "sasl_plain_password": "SASL_PASSWORD",
    }.items()
)
BEGIN_S = 8.0  # until its processes have their partitions
SETTLE_S = 60.0  # to decide what a step has left
IDLE_CORES = 0.2  # its processes and PostgreSQL take less while it has nothing to do
DISCONNECT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"""
END_S = 10.0  # to end after SIGTERM
PROCESSES: dict[str, tuple[str, ...]] = {
    **{name: ("python", f"{name}.py") for name in ("bridge", "relay", "broadcast", "sweeper")},
    "worker": ("celery", "-q", "-A", "tasks", "worker", "-P", "solo", "-n", "sketch@%h",
               "--without-gossip", "--without-mingle"),
    "gateway": ("gunicorn", "-c", "gconf.py", "gateway:app"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SketchStep:
    """One step of the sketch, as its generator and our accounting saw it."""

    rate: float
    auctions: int
    decided_per_s: float
    result_ms: tuple[float, float, float, float]  # p50, p95, p99, worst
    failures: int
    cpu_s_per_1000_bids: float

    @property
    def carried(self) -> bool:
        """As Measurement.carried."""
        return self.failures == 0 and self.result_ms[2] <= P99_MAX_MS

    @property
    def held(self) -> bool:
        """As Measurement.held."""
        _, _, p99, worst = self.result_ms
        return self.carried and p99 <= HELD_P99_MS and worst <= HELD_MAX_MS


class Sketch:
    """The sketch, built; its processes run from `start` to `stop`."""

    def __init__(self, stack: Stack, environment: Mapping[str, str]) -> None:
        self._stack, self._environment = stack, environment
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def is_running(self) -> bool:
        """Whether it has been started, and not stopped."""
        return bool(self._processes)

    def start(self) -> None:
        """Start its processes, with an empty database and empty topics. Raise StackFault."""
        _run(
            "the sketch's database and topics",
            (executable("python"), "prepare.py"),
            self._environment,
        )
        for name, command in PROCESSES.items():
            self._processes[name] = _start(name, command, self._environment)
        time.sleep(BEGIN_S)
        ended = [name for name, process in self._processes.items() if process.poll() is not None]
        if ended:
            raise StackFault(f"the sketch's {ended[0]} ended: {WORK_DIR / ended[0]}.log")

    def stop(self) -> None:
        """End its processes and what PostgreSQL does for them, which it would go on with."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._processes:
            self._disconnect()
        self._processes.clear()

    def wait_until_idle(self, *, within_s: float = SETTLE_S) -> bool:
        """Wait until its processes have nothing to do; return whether that was in time.

        What they have still to decide after a step would take the cores of the house's next one.
        """
        ends_at = time.monotonic() + within_s
        while time.monotonic() < ends_at:
            before = self._cpu_s()
            time.sleep(1.0)
            if self._cpu_s() - before <= IDLE_CORES:
                return True
        return False

    def step(self, *, rate: float, auctions: int, seconds: float) -> SketchStep:
        """Offer bids as a step of the house does."""
        servers = {self._stack.control.pid(name): name for name in SERVERS}
        pids = {**self._pids(), **servers}
        before = usage_by_name(pids)
        report = _generate(
            {
                "-addr": _address(self._stack),
                "-n": SOCKETS,
                "-a": auctions,
                "-r": rate,
                "-d": seconds,
            }
        )
        after = usage_by_name(pids)
        cpu_s = sum(after[name].cpu_s - before[name].cpu_s for name in after)
        return step_of(report, rate=rate, auctions=auctions, cpu_s=cpu_s)

    def _pids(self) -> dict[int, str]:
        return {process.pid: f"sketch-{name}" for name, process in self._processes.items()}

    def _disconnect(self) -> None:
        with (
            suppress(psycopg2.OperationalError),  # PostgreSQL has ended, too
            closing(psycopg2.connect(self._environment["SKETCH_DSN"])) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(DISCONNECT)

    def _cpu_s(self) -> float:
        # Its worker takes next to nothing while it waits for a statement.
        pids = {**self._pids(), self._stack.control.pid("postgresql"): "postgresql"}
        return sum(usage.cpu_s for usage in usage_by_name(pids).values())


def step_of(report: Mapping[str, Any], *, rate: float, auctions: int, cpu_s: float) -> SketchStep:
    """A step of what the sketch's generator printed, and of the CPU that all else took."""
    p50, p95, p99, worst = report["res_ms"]
    return SketchStep(
        rate=rate,
        auctions=auctions,
        decided_per_s=report["settled_per_s"],
        result_ms=(p50, p95, p99, worst),
        failures=report["nores"] + report["err"] + report["dialfail"],
        cpu_s_per_1000_bids=(cpu_s + report["lg_cpu"]) * 1_000 / max(1, report["res"]),
    )


def sketch_dir() -> Path:
    """Where the sketch is. Raises UsageFault when it is not there."""
    directory = Path(os.environ.get(SETTING) or BESIDE)
    if not (directory / "gateway.py").exists():
        raise UsageFault(f"no sketch in {directory}: {SETTING} says where it is")
    return directory


@contextmanager
def sketch_built(stack: Stack) -> Iterator[Sketch]:
    """Yield the sketch for the servers of a running stack; it is stopped at the end."""
    copy(sketch_dir(), WORK_DIR)
    environment = _environment(stack)
    _build(environment)
    sketch = Sketch(stack, environment)
    try:
        yield sketch
    finally:
        sketch.stop()


def copy(source: Path, target: Path) -> None:
    """The sketch comes to Kafka as nobody, which ours refuses: the copy logs in."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    for file in target.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(TO_KAFKA, f"{TO_KAFKA}, {LOG_IN}"), encoding="utf-8")


def render_sketch(measured: Sequence[Measurement], sketched: Sequence[SketchStep]) -> list[str]:
    """Return a table in Markdown: each step of the house beside the sketch's."""
    lines = [
        "Beside the sketch, by turns on the same servers (CPU in seconds per 1,000 bids):",
        "",
        "| auctions, offered/s | decided/s | sketch | ratio | p99 ms | sketch | CPU | sketch |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for theirs in sketched:
        ours = next(
            (o for o in measured if _what(o.load.auctions, o.load.rate) == _what_of(theirs)), None
        )
        lines.append(_line(ours, theirs))
    return lines


def ratio_held(measured: Sequence[Measurement], sketched: Sequence[SketchStep]) -> dict[str, float]:
    """The highest rate that the house holds, times the sketch's, by auctions.

    Rates as they were offered: of a step that holds every bid was decided in time, and both
    generators count what was decided in a second in their own way.
    """
    ratios = {}
    for auctions in {step.auctions for step in sketched}:
        theirs = [s.rate for s in sketched if s.held and s.auctions == auctions]
        ours = [m.load.rate for m in measured if m.held and m.load.auctions == auctions]
        if theirs:
            ratios[f"sketch.{auctions}"] = max(ours, default=0.0) / max(theirs)
    return ratios


def _what(auctions: int, rate: float) -> str:
    return f"{auctions}, {rate:,.0f}"


def _what_of(step: SketchStep) -> str:
    return _what(step.auctions, step.rate)


def _line(ours: Measurement | None, theirs: SketchStep) -> str:
    p99, cpu_s = f"{theirs.result_ms[2]:.0f}", f"{theirs.cpu_s_per_1000_bids:.3f}"
    decided = f"{theirs.decided_per_s:,.0f}"
    if ours is None:
        return f"| {_what_of(theirs)} | - | {decided} | - | - | {p99} | - | {cpu_s} |"
    # As the sketch's generator counts it: over the time to the last outcome.
    own = ours.storm["rates"]["decided_per_s"]
    own_cpu_s = "-" if ours.cpu_s_per_1000_bids is None else f"{ours.cpu_s_per_1000_bids:.3f}"
    return (
        f"| {_what_of(theirs)} | {own:,.0f} | {decided} | **{own / theirs.decided_per_s:.2f}** "
        f"| {ours.storm['result_ms']['p99']:.0f} | {p99} | {own_cpu_s} | {cpu_s} |"
    )


def _environment(stack: Stack) -> dict[str, str]:
    addresses = stack.addresses()
    redis = addresses["REDIS_URL"].rpartition("/")[0]
    return {
        **plain_environment(),
        **addresses,
        "SKETCH_DSN": addresses["DATABASE_URL"].rpartition("/")[0] + "/sketch",
        "SKETCH_REDIS": f"{redis}/5",
        "SKETCH_BROKER": f"{redis}/6",
        "BR_METHOD": "json",
        "HOT": "1",
        "PYTHONPATH": str(WORK_DIR / "site"),
        "GW_BIND": _address(stack),
    }


def _build(environment: Mapping[str, str]) -> None:
    """Its one package and its generator."""
    if not (WORK_DIR / "site" / "orjson").exists():
        pip = (executable("python"), "-m", "pip", "install", "-q", "--target", "site", "orjson")
        _run("the sketch's package", pip, environment)
    build = (go(), "build", "-o", "../lgbin", ".")
    _run("the sketch's generator", build, environment, directory=WORK_DIR / "lg")


def _run(
    what: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: Path | None = None,
) -> None:
    run_logged(
        command,
        log_file=WORK_DIR / "build.log",
        what=what,
        directory=directory or WORK_DIR,
        environment={**environment, "GOFLAGS": "-mod=mod"},
    )


def _start(
    name: str, command: Sequence[str], environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    program, *arguments = command
    with (WORK_DIR / f"{name}.log").open("w", encoding="utf-8") as log:
        return subprocess.Popen(
            (executable(program), *arguments),
            cwd=WORK_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _address(stack: Stack) -> str:
    return f"{HOST}:{PORT + stack.settings.port_offset}"


def _generate(options: Mapping[str, object]) -> dict[str, Any]:
    run = {"-run": f"r{int(time.time())}"}
    parts = [str(part) for pair in {**options, **run}.items() for part in pair]
    command = [str(WORK_DIR / "lgbin"), *parts]
    result = subprocess.run(command, cwd=WORK_DIR, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackFault(f"the sketch's generator: {result.stderr.strip().rpartition(chr(10))[2]}")
    report: dict[str, Any] = json.loads(result.stdout)
    return report
