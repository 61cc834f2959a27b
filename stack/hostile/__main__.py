"""`python -m stack.hostile --profile NAME`: every abuse at once beside honest bids, then the audit.

The house is the one that `make up` has started. The gateway that is abused is started beside its
own, with the limits that everybody has (stack/hostile/gateway.py): each abuse comes from a network
of its own, 127.1.0.0/16 and above, which no limit spares. Honest bids are measured alone first:
where they alone do not keep the bound, nothing can be said about abuse.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from stack.bench.application import Application
from stack.bench.measurement import Measurement
from stack.bench.storm import Load, prepare_run
from stack.builds import go_program
from stack.client import Endpoint
from stack.faults import Parser, StackFault
from stack.hostile.abuses import Target
from stack.hostile.attack import ALL_ABUSES, Report, attack
from stack.hostile.gateway import own_gateway
from stack.hostile.growth import RedisUsage, complaints_of, redis_usage, render_growth
from stack.hostile.report import complaints, is_measurable, render, render_costs, render_honest
from stack.hostile.rights import grant_rights
from stack.hostile.targets import prepare_target
from stack.progress import shown
from stack.readiness import complaint_of
from stack.runtime import Stack

WARM_UP_S = 30.0  # Kafka and gateways that have just started are slower
QUIET_S = 20.0  # honest bids alone
SOCKETS, AUCTIONS = 1_000, 10


@dataclass(frozen=True, slots=True)
class Run:
    """What was found: honest bids alone and abused, each abuse, and Redis before and after."""

    quiet: Measurement
    abused: Measurement
    reports: dict[str, Report]
    before: RedisUsage
    after: RedisUsage

    def render(self) -> str:
        """All of it as tables."""
        tables = (
            render(self.reports),
            render_honest(self.quiet.storm, self.abused.storm),
            render_costs(self.quiet, self.abused, self.reports),
            render_growth(self.before, self.after),
        )
        return "\n\n".join(tables)

    def complaints(self) -> list[str]:
        """What did not hold, one line each."""
        found = complaints(self.reports, self.abused.storm)
        return [*found, *complaints_of(self.before, self.after)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything held, 1 when something did not, 2 when it could not be measured."""
    options = _options(arguments)
    stack = Stack.of(options.profile, step=shown)
    load = Load(
        rate=options.rate, seconds=options.seconds, sockets=options.sockets, auctions=AUCTIONS,
        mode="ws", subscribe=True,
    )  # fmt: skip
    try:
        run = _run(Application.of(stack, go_program("storm").ensure()), load, options)
    except StackFault as fault:
        print(f"hostile: {fault}", file=sys.stderr)
        return 2
    print(f"\n{run.render()}\n", flush=True)
    wrong = run.complaints()
    for line in wrong:
        print(f"hostile: {line}", flush=True)
    audited = stack.run("python", "-m", "bridge", "audit").returncode
    if not is_measurable(run.quiet.storm):
        return 2
    return 1 if wrong or audited else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="make hostile", description=__doc__)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--rate", type=float, default=300, help="honest bids a second")
    parser.add_argument("--sockets", type=int, default=SOCKETS, help="of honest bidders")
    parser.add_argument("--slower", type=float, default=1, help="so many times less abuse")
    parser.add_argument(
        "--anyway", action="store_true", help="go on where nothing can be said, to look for causes"
    )
    parser.add_argument("--only", default=",".join(ALL_ABUSES), help="names of abuses, by commas")
    options = parser.parse_args(arguments)
    if unknown := set(options.only.split(",")) - ALL_ABUSES.keys():
        parser.error(f"no abuse is called {', '.join(sorted(unknown))}")
    return options


def _run(honest: Application, load: Load, options: argparse.Namespace) -> Run:
    """Measure honest bids alone, then abused. Raise StackFault when nothing can be said.

    A thousand people bid, one socket each at the gateway that is abused.
    """
    stack, addresses = honest.stack, honest.addresses
    if complaint := complaint_of(addresses["BASE_URL"], degraded_is_fine=True):
        raise StackFault(f"{complaint}: `make up` starts the stack")
    with shown(f"sign {options.sockets:,} people up"):
        prepare_run(
            honest.executable,
            url=addresses["BASE_URL"],
            users=load.sockets,
            auctions=load.auctions,
            users_file=honest.users_file,
            target=stack.places.run_dir / "hostile.json",
        )
    with own_gateway(stack) as endpoint:
        target = _target(addresses, endpoint)
        with shown("warm up"):
            honest.measure(replace(load, seconds=WARM_UP_S), ws_url=endpoint.ws_url)
        with shown(f"honest bids alone for {QUIET_S:.0f} s"):
            quiet = honest.measure(replace(load, seconds=QUIET_S), ws_url=endpoint.ws_url)
        if not is_measurable(quiet.storm) and not options.anyway:
            alone = render_honest(quiet.storm)
            raise StackFault(f"not measurable here, where honest bids alone take long:\n{alone}")
        before = redis_usage(addresses["REDIS_URL"])
        abused, reports = _abuse(honest, load, endpoint.ws_url, target, options)
        return Run(quiet, abused, reports, before, redis_usage(addresses["REDIS_URL"]))


def _abuse(
    honest: Application, load: Load, ws_url: str, target: Target, options: argparse.Namespace
) -> tuple[Measurement, dict[str, Report]]:
    """Bid while the abuses go on, from the first bid to the last outcome."""
    names = options.only.split(",")
    reports: list[dict[str, Report]] = []
    with ExitStack() as abusing, shown(f"{len(names)} abuses for {options.seconds:.0f} s"):

        def begin_or_end(phase: str) -> None:
            if phase == "storm":
                abusing.enter_context(attack(names, target, reports, slower=options.slower))
            elif phase == "done":
                abusing.close()

        abused = honest.measure(load, ws_url=ws_url, on_phase=begin_or_end)
    (found,) = reports
    return abused, found


def _target(addresses: Mapping[str, str], endpoint: Endpoint) -> Target:
    """Sign abusers up at the gateway of `make up`, whose limits spare loopback."""
    gateway_port, metrics_port = (
        urlsplit(url).port or 0 for url in (endpoint.base_url, addresses["METRICS_URL"])
    )
    own = Endpoint.of(addresses)
    target = prepare_target(own, gateway_port=gateway_port, metrics_port=metrics_port)
    grant_rights(addresses["DATABASE_URL"])
    return target


if __name__ == "__main__":
    sys.exit(main())
