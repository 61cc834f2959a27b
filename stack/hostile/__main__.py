"""`python -m stack.hostile --profile NAME`: every abuse at once beside honest bids, then the audit.

The house is the one that `make up` has started, with the limits it has there: each abuse comes
from a network of its own, 127.1.0.0/16 and above, which no limit spares. All share the machine, so
each abuse is done SLOWER times less often than its own test does it. Honest bids are measured alone
first: what abuse takes from them is told apart from what the machine is short of anyway. Where they
take long then, there is as much less abuse, so that the machine is given the same share to bear.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from stack.application import executable
from stack.arguments import Parser
from stack.bench.storm import USERS_FILE, Load, build_storm, run_storm
from stack.campaign.people import Door
from stack.faults import StackFault
from stack.hostile.abuses import Target
from stack.hostile.attack import EVERYTHING, Report, attack
from stack.hostile.ground import prepare
from stack.hostile.report import RESULT_P99_MAX_MS, complaints, render, render_honest
from stack.places import CHECKOUT
from stack.progress import shown
from stack.runtime import Stack
from stack.storm.target import complaint_of

SLOWER = 8.0
SLOWER_MAX = 4.0  # times that: with less, some abuses would not be seen to be refused in a minute
QUIET_S = 20.0  # honest bids alone
FREE_P99_MS = RESULT_P99_MAX_MS / 2  # of honest bids alone, where there is strength to spare
SOCKETS, AUCTIONS = 100, 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything held, 1 when something did not, 2 when nothing was run."""
    parser = Parser(prog="make hostile", description=__doc__)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--rate", type=float, default=300, help="honest bids a second")
    parser.add_argument("--slower", type=float, default=SLOWER, help="abuses, than in their tests")
    parser.add_argument("--only", default=",".join(EVERYTHING), help="names of abuses, by commas")
    options = parser.parse_args(arguments)
    names = options.only.split(",")
    if unknown := set(names) - EVERYTHING.keys():
        parser.error(f"no abuse is called {', '.join(sorted(unknown))}")
    stack = Stack.of(options.profile, step=shown)
    load = Load(
        rate=options.rate, seconds=options.seconds, sockets=SOCKETS, auctions=AUCTIONS,
        mode="ws", subscribe=True,
    )  # fmt: skip
    try:
        quiet, storm, reports = _run(stack, load, names, slower=options.slower)
    except StackFault as fault:
        print(f"hostile: {fault}", file=sys.stderr)
        return 2
    print(f"\n{render(reports)}\n\n{render_honest(quiet, storm)}\n", flush=True)
    wrong = complaints(reports, storm, quiet)
    for line in wrong:
        print(f"hostile: {line}")
    command = (executable("python"), "-m", "bridge", "audit")
    audited = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    return 1 if wrong or audited else 0


def _run(
    stack: Stack, load: Load, names: Sequence[str], *, slower: float
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Report]]:
    """The honest bidders' reports, alone and abused, and that of each abuse."""
    addresses = stack.addresses()
    if complaint := complaint_of(addresses["BASE_URL"]):
        raise StackFault(f"{complaint}: `make up` starts the stack")
    generator, target = build_storm(stack.settings.versions), _target(addresses)
    users_file = stack.places.data_dir / USERS_FILE

    def bid(offered: Load, on_phase: Callable[[str], None]) -> dict[str, Any]:
        return run_storm(
            generator, offered, addresses=addresses, users_file=users_file, on_phase=on_phase
        )

    with shown(f"honest bids alone for {QUIET_S:.0f} s"):
        quiet = bid(replace(load, seconds=QUIET_S), lambda _: None)
    slower *= min(SLOWER_MAX, max(1.0, quiet["result_ms"]["p99"] / FREE_P99_MS))
    reports: list[dict[str, Report]] = []
    done = f"{len(names)} abuses for {load.seconds:.0f} s, {slower:.0f} times slower"
    with ExitStack() as abusing, shown(done):

        def begin_or_end(phase: str) -> None:
            if phase == "storm":
                abusing.enter_context(attack(names, target, reports, slower=slower))
            elif phase == "done":
                abusing.close()

        storm = bid(load, begin_or_end)
    (found,) = reports
    return quiet, storm, found


def _target(addresses: dict[str, str]) -> Target:
    ports = [urlsplit(addresses[name]).port for name in ("BASE_URL", "METRICS_URL")]
    gateway_port, metrics_port = (port or 0 for port in ports)
    door = Door(addresses["BASE_URL"], addresses["WS_URL"])
    return prepare(door, gateway_port=gateway_port, metrics_port=metrics_port)


if __name__ == "__main__":
    sys.exit(main())
