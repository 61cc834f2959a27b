"""The running application that the benchmark drives, and how scenarios change it meanwhile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stack.bench.flame import Flame
from stack.bench.measurement import Measurement, measure_run
from stack.bench.storm import USERS_FILE, Load, run_storm
from stack.ports import HOST, is_free
from stack.programs import Program
from stack.readiness import complaint_of
from stack.runtime import Stack

GATEWAY = "gateway"
SECOND_GATEWAY = "second-gateway"
WORKERS = "worker-bids"

OnPhase = Callable[[str], None]  # called with the name of each phase as it begins


@dataclass(frozen=True, slots=True)
class Application:
    """All processes of one stack's application, whose names begin with `prefix`."""

    stack: Stack
    programs: Sequence[Program]
    addresses: Mapping[str, str]
    executable: Path  # of the load generator
    users_file: Path
    prefix: str = ""
    flame: Flame | None = None

    @classmethod
    def of(cls, stack: Stack, executable: Path, flame: Flame | None = None) -> "Application":
        """What `make up` starts of this profile."""
        return cls(
            stack=stack,
            programs=stack.application(),
            addresses=stack.addresses(),
            executable=executable,
            users_file=stack.places.data_dir / USERS_FILE,
            flame=flame,
        )

    def measure(
        self, load: Load, *, ws_url: str = "", on_phase: OnPhase = lambda _: None
    ) -> Measurement:
        """Run one storm and account for it. Raises StackFault when it could not be run."""
        run = self.run
        if self.flame is not None:
            run = self.flame.around(self.stack.control, run)

        def run_measured(read: OnPhase) -> dict[str, Any]:
            def begin(phase: str) -> None:
                read(phase)
                on_phase(phase)

            return run(load, on_phase=begin, ws_url=ws_url)

        return measure_run(self.stack, load, run_measured)

    def run(self, load: Load, *, on_phase: OnPhase, ws_url: str = "") -> dict[str, Any]:
        """Run one storm and return the generator's report, as `run_storm`."""
        addresses = {**self.addresses, **({"WS_URL": ws_url} if ws_url else {})}
        return run_storm(
            self.executable,
            load,
            addresses=addresses,
            users_file=self.users_file,
            on_phase=on_phase,
        )

    def beside(self, users_file: str) -> "Application":
        """The same with users of its own, for a second generator at the same time."""
        return replace(self, users_file=self.users_file.with_name(users_file), flame=None)

    @contextmanager
    def second_gateway(self) -> Iterator[str]:
        """One more gateway, of one fresh process, until left; yields the address of its sockets."""
        port = self.stack.settings.ports.gateway + 1
        while not is_free(port):
            port += 1
        (own,) = [one for one in self.programs if one.name == self.prefix + GATEWAY]
        changes = {"GATEWAY_BIND": f"{HOST}:{port}", "GATEWAY_WORKERS": "1"}
        program = replace(own, name=self.second_name, environment={**own.environment, **changes})
        control = self.stack.control
        with control.running([program]):
            control.wait_for(lambda: not complaint_of(f"http://{HOST}:{port}"), name=program.name)
            yield f"ws://{HOST}:{port}/ws"

    @property
    def second_name(self) -> str:
        """The name of the second gateway's process, among those of a measurement."""
        return self.prefix + SECOND_GATEWAY

    @contextmanager
    def workers_stopped(self) -> Iterator[Callable[[], None]]:
        """Without the workers that decide bids, until what is yielded is called, or left."""
        names = [p.name for p in self.programs if p.name.startswith(self.prefix + WORKERS)]
        control = self.stack.control
        control.stop(*names)

        def start() -> None:
            for name in names:
                if not control.pid(name):
                    control.start(name, wait=False)

        try:
            yield start
        finally:
            start()
