"""Honest bidders: a thousand people, one socket each at the gateway that is abused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from stack.bench.measurement import Measurement, measure_run
from stack.bench.storm import USERS_FILE, Load, prepare_run, run_storm
from stack.builds import go_program
from stack.runtime import Stack

OnPhase = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HonestLoad:
    """The load generator, and what it offers; sign-ups and log-ins go to `make up`'s gateway."""

    stack: Stack
    load: Load
    generator: Path
    users_file: Path

    @classmethod
    def of(cls, stack: Stack, load: Load) -> "HonestLoad":
        """Build the generator if need be."""
        generator = go_program("storm").ensure()
        return cls(stack, load, generator, stack.places.data_dir / USERS_FILE)

    def sign_up(self) -> None:
        """Sign up the users who have no account yet."""
        prepare_run(
            self.generator,
            url=self.stack.addresses()["BASE_URL"],
            users=self.load.sockets,
            auctions=self.load.auctions,
            users_file=self.users_file,
            target=self.stack.places.run_dir / "hostile.json",
        )

    def bid(self, ws_url: str, seconds: float, on_phase: OnPhase = lambda _: None) -> Measurement:
        """Bid at `ws_url` for so long, and measure it. Raise StackFault when it cannot be done."""
        load = replace(self.load, seconds=seconds)
        addresses = {**self.stack.addresses(), "WS_URL": ws_url}

        def run(read: OnPhase) -> dict[str, object]:
            def read_and_report(phase: str) -> None:
                read(phase)
                on_phase(phase)

            return run_storm(
                self.generator,
                load,
                addresses=addresses,
                users_file=self.users_file,
                on_phase=read_and_report,
            )

        return measure_run(self.stack, load, run)
