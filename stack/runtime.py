"""One profile's stack from nothing to running servers, and down again."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from stack import leftovers
from stack.application import application_programs, pool_of
from stack.commands import run_logged
from stack.control import READY_TIMEOUT_S, RUNNING, Control
from stack.credentials import Credentials, credentials_in
from stack.environment import addresses, application_environment, pool_log_ins
from stack.faults import StackFault
from stack.places import Places, executable, places_of
from stack.ports import check_free, listeners_on
from stack.programs import Program
from stack.progress import Step, silent
from stack.readiness import complaint_of
from stack.servers import Server
from stack.servers.kafka import Kafka, refuse_other_brokers
from stack.servers.mailpit import Mailpit
from stack.servers.mongodb import MongoDB
from stack.servers.postgresql import PostgreSQL
from stack.servers.prometheus import Prometheus
from stack.servers.redis import Redis
from stack.settings import Settings, read_port_offset, read_settings, with_sizes
from stack.slowness import Deadline

SERVER_PORTS = (
    "postgresql", "redis", "kafka", "kafka_controller", "mongodb", "smtp", "mailpit",
)  # fmt: skip
APPLICATION_PORTS = ("gateway", "metrics", "flower")
GATEWAY = "gateway"
COMMAND_TIMEOUT_S = 600
Kind = TypeVar("Kind", bound=Server)
NEVER_STOPPED = ("watcher",)  # it ends with the supervisor


class Stack:
    """The stack of one profile. Methods raise StackFault for what a person can mend.

    Its single processes are at `control`.
    """

    def __init__(self, profile: str, *, places: Places, settings: Settings, step: Step) -> None:
        self.profile = profile
        self.places = places
        self.settings = settings
        self._step = step
        self.control = Control(places)

    @classmethod
    def of(cls, profile: str, *, step: Step = silent) -> Self:
        """The stack of a profile, running or not.

        STACK_DATA_DIR and STACK_PORT_OFFSET are obeyed at its first start and remembered.
        """
        places = places_of(profile, wanted_data_dir=os.environ.get("STACK_DATA_DIR"))
        offset = read_port_offset(_remembered(places.port_offset_file, "0"))
        settings = read_settings(profile=profile, port_offset=offset)
        pools = with_sizes(settings.pools, json.loads(_remembered(places.pools_file, "{}")))
        return cls(profile, places=places, settings=replace(settings, pools=pools), step=step)

    @property
    def credentials(self) -> Credentials:
        """The secrets of this profile, drawn when first asked for."""
        self.places.create()
        return credentials_in(self.places.data_dir)

    def addresses(self) -> dict[str, str]:
        """Where everything is, with log-ins: the lines of `make env`."""
        return addresses(self.settings, self.credentials, self.places)

    def environment(self, **changes: str) -> dict[str, str]:
        """The environment of an operator's commands, with `changes`.

        Processes have it, too, but for their own log-ins: see `application`.
        """
        environment = application_environment(
            settings=self.settings, credentials=self.credentials, places=self.places
        )
        return {**environment, **changes}

    def application(self, *, prefix: str = "", **changes: str) -> list[Program]:
        """All application processes, for `control.run`: see application_programs."""
        return application_programs(
            self.settings,
            self.environment(**changes),
            log_ins=pool_log_ins(self.credentials),
            run_dir=self.places.run_dir,
            prefix=prefix,
        )

    def is_up(self) -> bool:
        """Whether the supervisor runs, whatever may be under it."""
        return self.control.is_alive()

    def refuse_early(self) -> None:
        """Raise what would be raised by `up` after minutes of installing: disk full, port in use.

        Says nothing of a stack that runs, or was left running: its ports are its own.
        """
        if not self.is_up() and not leftovers.leftovers_of(self.places.run_dir):
            refuse_other_brokers(self.places, self.settings)
            self._check_disk()
            self._check_ports((*SERVER_PORTS, *self._application_ports()))

    def servers_up(self) -> bool:
        """Start what does not run of supervisor and servers; return once all serve.

        True when the supervisor was started by this call: then `down` is the caller's to call.
        """
        begun = self.begin()
        postgresql, *standbys = self.postgresql()
        redis, mongodb, mailpit = (self._server(kind) for kind in (Redis, MongoDB, Mailpit))
        brokers = self.brokers()
        self._launch(postgresql, redis, mailpit, *brokers)
        self._complete(postgresql, redis, mailpit)
        # FerretDB's database exists only when PostgreSQL is complete; Kafka takes longest.
        self._launch(*standbys, mongodb)
        self._complete(*standbys, mongodb, *brokers)
        return begun

    def servers(self) -> dict[str, Server]:
        """All servers, by the names of their processes."""
        others = (self._server(kind) for kind in (Redis, MongoDB, Mailpit))
        servers: tuple[Server, ...] = (*self.postgresql(), *self.brokers(), *others)
        return {server.name: server for server in servers}

    def postgresql(self) -> tuple[PostgreSQL, ...]:
        """PostgreSQL, and its standby where there is one."""
        numbers = (1, 2) if self.settings.standby else (1,)
        return tuple(self._server(PostgreSQL, number) for number in numbers)

    def brokers(self) -> tuple[Kafka, ...]:
        """Kafka's brokers."""
        return tuple(self._server(Kafka, 1 + n) for n in range(self.settings.brokers))

    def _server(self, kind: type[Kind], number: int = 1) -> Kind:
        return kind(self.places, self.settings, self.credentials, number)

    def up(self) -> None:
        """Start what does not run of servers and application; return once `/readyz` is green.

        Migrations and topics come between the two. Nothing is installed, nothing is seeded.
        """
        self.begin((*SERVER_PORTS, *self._application_ports()))
        self.servers_up()
        self.run_once("migrations", "alembic", "upgrade", "head")
        self.run_once("topics", "python", "-m", "bridge", "topics")
        self._start_application()
        with self._step("the application is ready"):
            self._wait_ready()

    def prometheus_up(self) -> None:
        """Start Prometheus beside the rest, unless it runs; its package must be there."""
        server = self._server(Prometheus)
        if server.name not in {one.name for one in self.control.processes() if one.pid}:
            self._check_ports((server.name,))
        self._launch(server)
        self._complete(server)

    def restart(self, names: Sequence[str]) -> None:
        """End and start the application's processes, or those of `names`, one after another.

        Each ends as it does by `down`, begins with the code and the settings there are now, and
        must be ready before the next one ends.
        """
        programs = {program.name: program for program in self.application()}
        for name in names or programs:
            if name not in programs:
                raise StackFault(f"{name} is none of the application's: {', '.join(programs)}")
        for name in names or programs:
            with self._step(f"restart {name}"):
                self.control.run(programs[name])
                self._wait_ready()

    def fit_pools(self) -> None:
        """Start the processes that the pools lack, and end those that they have too many of."""
        self._start_application()
        names = {program.name for program in self.application()}
        known = [process.name for process in self.control.processes()]
        surplus = [name for name in known if pool_of(name) and name not in names]
        if surplus:
            with self._step(f"stop {', '.join(surplus)}"):
                self.control.forget(*surplus)
        with self._step("the application is ready"):
            self._wait_ready()

    def is_complete(self) -> bool:
        """Whether servers and application all run."""
        running = {p.name for p in self.control.processes() if p.state == RUNNING}
        names = {program.name for program in self.application()} if running else set()
        return bool(names) and names | set(self.servers()) <= running

    def run(
        self, command: str, *arguments: str, captured: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment to its end, as an operator does."""
        return subprocess.run(
            (executable(command), *arguments),
            cwd=self.places.root,
            env={**os.environ, **self.environment()},
            capture_output=captured,
            text=True,
            timeout=COMMAND_TIMEOUT_S if captured else None,
            check=False,
        )

    def run_once(self, what: str, command: str, *arguments: str) -> None:
        """As `run`, its output into a log file; raises StackFault when it fails."""
        with self._step(what):
            run_logged(
                (executable(command), *arguments),
                log_file=self.control.log_file(what.replace(" ", "-")),
                what=what,
                directory=self.places.root,
                environment=self.environment(),
            )

    def begin(self, ports: Iterable[str] = SERVER_PORTS) -> bool:
        """Start the supervisor with nothing under it; False when it runs already.

        Before that it ends what a killed supervisor left running, and checks disk and `ports`.
        """
        if self.is_up():
            return False
        refuse_other_brokers(self.places, self.settings)
        self._check_disk()  # before a place for the data is settled: another may be named
        self.places.create()
        if leftovers.leftovers_of(self.places.run_dir):
            with self._step("end what an earlier run left behind"):
                leftovers.end_leftovers(self.places.run_dir)
        self._check_ports(ports)
        for directory in (self.places.programs_dir, self.places.metrics_dir):  # of an earlier run
            shutil.rmtree(directory)
            directory.mkdir()
        self.places.status_file.unlink(missing_ok=True)
        self.places.port_offset_file.write_text(str(self.settings.port_offset), encoding="utf-8")
        self.control.start_supervisor()
        return True

    def down(self) -> None:
        """End the application, then the servers, PostgreSQL last, then the supervisor."""
        if self.is_up():
            self._stop_in_order()
            self.control.end_supervisor()
        leftovers.end_leftovers(self.places.run_dir)

    def clean(self) -> None:
        """End everything and delete the profile's data, logs and state."""
        self.down()
        for directory in (self.places.data_dir, self.places.run_dir):
            shutil.rmtree(directory, ignore_errors=not directory.exists())
            with suppress(OSError):  # not empty, or not ours
                directory.parent.rmdir()

    def _launch(self, *servers: Server) -> None:
        """Start those that do not run."""
        running = {process.name for process in self.control.processes() if process.pid}
        absent = [server for server in servers if server.name not in running]
        if not absent:
            return
        with self._step(f"start {', '.join(server.name for server in absent)}"):
            for server in absent:
                server.prepare()
            self.control.run(*(server.program() for server in absent), wait=False)

    def _complete(self, *servers: Server) -> None:
        """Wait until each serves, and give it what only then it can be given."""
        for server in servers:
            with self._step(f"{server.name} is ready"):
                self.control.wait_for(server.is_ready, name=server.name)
                self.control.wait_for(partial(self.control.runs, server.name), name=server.name)
                server.complete()

    def _start_application(self) -> None:
        absent = [p for p in self.application() if not self.control.runs(p.name)]
        if not absent:
            return
        names = {program.name for program in absent}
        running = {pool_of(process.name) for process in self.control.processes() if process.pid}
        # Gateways share their port: while one runs, it is in use by our own.
        self._check_ports(name for name in self._application_ports() if name in names - running)
        with self._step(f"start {len(absent)} application processes"):
            self.control.run(*absent, wait=False)

    def _wait_ready(self) -> None:
        """Wait until /readyz is green and every process has lived for a second."""

        def is_ready() -> bool:
            if not self._complaint() and self.is_complete():
                return True
            for process in self.control.processes():
                if process.dying:
                    raise self.control.did_not_start(process.name)
            return False

        deadline = Deadline(READY_TIMEOUT_S)
        if not deadline.wait(is_ready):
            reason = self._complaint() or "see `make status`"
            raise StackFault(f"not ready after {deadline}: {reason}")

    def _complaint(self) -> str:
        """What keeps the gateways from being ready; empty: nothing."""
        settings = self.settings
        gateways = settings.pools[GATEWAY].size
        listening = listeners_on(settings.ports.gateway)  # each gateway has a socket of its own
        if listening < gateways:
            return f"{listening} of {gateways} gateways listen"
        return complaint_of(self.addresses()["BASE_URL"])

    def _stop_in_order(self) -> None:
        running = [process.name for process in self.control.processes() if process.pid]
        # FerretDB needs PostgreSQL to the end.
        last = [server.name for server in self.postgresql()]
        first = [name for name in self.servers() if name not in last]
        application = [name for name in running if name not in (*last, *first, *NEVER_STOPPED)]
        for group in (application, first, last):
            names = [name for name in running if name in group]
            if names:
                with self._step(f"stop {', '.join(names)}"):
                    self.control.stop(*names)

    def _application_ports(self) -> tuple[str, ...]:
        return (*APPLICATION_PORTS, *(("providers",) if self.settings.providers else ()))

    def _check_ports(self, names: Iterable[str]) -> None:
        port_of = asdict(self.settings.ports)
        check_free({name: port_of[name] for name in names})

    def _check_disk(self) -> None:
        data_dir = self.places.data_dir
        existing = next(path for path in (data_dir, *data_dir.parents) if path.exists())
        free_mb = shutil.disk_usage(existing).free // 2**20
        needed_mb = self.settings.sizes.disk_free_min_mb
        if free_mb < needed_mb:
            raise StackFault(
                f"{free_mb} MB free at {self.places.data_dir}, {needed_mb} needed: make room, "
                "or name another place with STACK_DATA_DIR"
            )


def _remembered(file: Path, otherwise: str) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else otherwise
