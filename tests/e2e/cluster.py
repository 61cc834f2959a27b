"""The application as it runs for end-to-end tests: its processes, its gateways."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx

from app.bootstrap.tasks import TaskContainer
from app.settings import read_settings
from stack import Program, Stack
from stack.places import executable
from stack.ports import HOST, is_free
from stack.readiness import complaint_of
from tests.e2e.people import Gateway

# No bid, no close and no push depends on them; tests of log-in by providers start those themselves.
LEFT_OUT = ("beat", "flower", "providers")


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


class Cluster:
    """All processes. `gateway` is the default one."""

    def __init__(self, stack: Stack, *, prefix: str) -> None:
        self.stack, self.prefix = stack, prefix
        self.gateway = self._at(self.name("gateway"), self._free_port())
        left_out = {self.name(process) for process in LEFT_OUT}
        programs = stack.application(prefix=prefix, **self._changes(self.gateway, {}))
        self.programs = [program for program in programs if program.name not in left_out]

    @classmethod
    @contextmanager
    def open(cls, stack: Stack, *, prefix: str) -> Iterator[Self]:
        """The application with all its processes, ready; they end when it is left."""
        cluster = cls(stack, prefix=prefix)
        with stack.control.running(cluster.programs):
            cluster._wait_ready(cluster.gateway)
            yield cluster
            cluster.gateway.close_connections()

    def name(self, process: str) -> str:
        """The name under which the supervisor knows a process: `gateway`, `bridge`, `worker-…`."""
        return self.prefix + process

    @contextmanager
    def another_gateway(self, process: str, **changes: str) -> Iterator[Gateway]:
        """One more gateway on the same stores, ready; it ends when left.

        `changes` are variables of the environment it has otherwise: settings and limits by their
        names in app/settings.py in capitals, GATEWAY_WORKERS (otherwise 1).
        """
        with self.other_gateways({process: changes}) as (gateway,):
            yield gateway

    @property
    def metrics_url(self) -> str:
        """Where the metrics of all its processes are."""
        return self.stack.addresses()["METRICS_URL"]

    @contextmanager
    def metered_gateway(
        self, process: str, directory: Path, **changes: str
    ) -> Iterator[tuple[Gateway, str]]:
        """As `another_gateway`, with metrics of its own in `directory`, and where those are."""
        port = self._free_port(above=self.stack.settings.ports.metrics)
        url = f"http://{HOST}:{port}/metrics"
        own = {"PROMETHEUS_MULTIPROC_DIR": str(directory), "METRICS_BIND": f"{HOST}:{port}"}
        programs = self.stack.application(prefix=self.prefix, **own)
        (exporter,) = [own for own in programs if own.name == self.name("metrics")]
        exporter = replace(exporter, name=self.name(f"{process}-metrics"))
        with (
            self.stack.control.running([exporter]),
            self.another_gateway(process, **own, **changes) as gateway,
        ):
            self.stack.control.wait_for(lambda: answers(url), name=exporter.name)
            yield gateway, url

    @contextmanager
    def other_gateways(self, changes: Mapping[str, Mapping[str, str]]) -> Iterator[list[Gateway]]:
        """As `another_gateway`, several started together: changes by process."""
        gateways: list[Gateway] = []
        programs: list[Program] = []
        for process, own_changes in changes.items():
            port = self._free_port(above=gateways[-1].port if gateways else None)
            gateways.append(self._at(self.name(process), port))
            programs.append(self._gateway_program(gateways[-1], own_changes))
        with self.stack.control.running(programs):
            for gateway in gateways:
                self._wait_ready(gateway)
            yield gateways
            for gateway in gateways:
                gateway.close_connections()

    @contextmanager
    def changed(
        self, *processes: str, options: Sequence[str] = (), **changes: str
    ) -> Iterator[None]:
        """Restart these processes with these environment variables, until left.

        `options` are added to their command lines.
        """
        names = {self.name(process) for process in processes}
        programs = [own for own in self.programs if own.name in names]
        changed = [
            replace(
                own,
                command=(*own.command, *options),
                environment={**own.environment, **changes},
            )
            for own in programs
        ]
        self._run_instead(changed)
        try:
            yield
        finally:
            self._run_instead(programs)

    def _run_instead(self, programs: Sequence[Program]) -> None:
        """Run these instead of the processes of the same names, and wait until they are ready."""
        self.gateway.close_connections()
        self.stack.control.stop(*(program.name for program in programs))
        self.stack.control.run(*programs)
        self._wait_ready(self.gateway)

    @contextmanager
    def with_pipelines(self, *pipelines: str) -> Iterator[None]:
        """The bridge with these pipelines alone, until left."""
        (program,) = [own for own in self.programs if own.name == self.name("bridge")]
        command = (executable("python"), "-m", "bridge", *pipelines)
        self.stack.control.run(replace(program, command=command))
        try:
            yield
        finally:
            self.stack.control.run(program)

    @contextmanager
    def without(self, *processes: str) -> Iterator[None]:
        """Some of the processes stopped, until left."""
        control, names = self.stack.control, [self.name(process) for process in processes]
        control.stop(*names)
        try:
            yield
        finally:
            control.start(*names)

    def run_task(self, name: str) -> None:
        """Give a task to its workers, as beat does, which does not run here."""
        settings = read_settings(self.stack.environment())
        with TaskContainer(settings, application="tests").celery as celery:
            celery.send_task(name)

    def _gateway_program(self, gateway: Gateway, changes: Mapping[str, str]) -> Program:
        environment = self._changes(gateway, {"GATEWAY_WORKERS": "1", **changes})
        (program, *_) = self.stack.application(prefix=self.prefix, **environment)
        return replace(program, name=gateway.name)

    def _wait_ready(self, gateway: Gateway) -> None:
        self.stack.control.wait_for(lambda: not complaint_of(gateway.base_url), name=gateway.name)

    def _free_port(self, *, above: int | None = None) -> int:
        port = self.stack.settings.ports.gateway if above is None else above + 1
        while not is_free(port):
            port += 1
        return port

    @staticmethod
    def _at(name: str, port: int) -> Gateway:
        return Gateway(name, port)

    def _changes(self, gateway: Gateway, changes: Mapping[str, str]) -> dict[str, str]:
        """All gateways share one issuer of tokens; each has its own page."""
        return {
            "BASE_URL": self.gateway.base_url,
            "ALLOWED_ORIGINS": gateway.base_url,
            "GATEWAY_BIND": f"{HOST}:{gateway.port}",
            **changes,
        }
