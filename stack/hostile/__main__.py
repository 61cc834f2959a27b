"""`python -m stack.hostile --profile NAME`: every abuse at once beside honest bids, then the audit.

The house is the one that `make up` has started, with the limits it has there: abusers come from
127.0.1.0/24 and above, which no limit spares. All share the machine, so each abuse is done SLOWER
times less often than its own test does it.
"""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
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
from stack.hostile.report import complaints, render, render_honest
from stack.places import CHECKOUT
from stack.progress import shown
from stack.runtime import Stack
from stack.storm.target import complaint_of

SLOWER = 8.0
SOCKETS, AUCTIONS = 100, 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything held, 1 when something did not, 2 when nothing was run."""
    parser = Parser(prog="make hostile", description=__doc__)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--rate", type=float, default=300, help="honest bids a second")
    parser.add_argument("--slower", type=float, default=SLOWER, help="abuses, than in their tests")
    options = parser.parse_args(arguments)
    stack = Stack.of(options.profile, step=shown)
    load = Load(
        rate=options.rate, seconds=options.seconds, sockets=SOCKETS, auctions=AUCTIONS,
        mode="ws", subscribe=True,
    )  # fmt: skip
    try:
        storm, reports = _run(stack, load, slower=options.slower)
    except StackFault as fault:
        print(f"hostile: {fault}", file=sys.stderr)
        return 2
    print(f"\n{render(reports)}\n\n{render_honest(storm)}\n", flush=True)
    wrong = complaints(reports, storm)
    for line in wrong:
        print(f"hostile: {line}")
    command = (executable("python"), "-m", "bridge", "audit")
    audited = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    return 1 if wrong or audited else 0


def _run(stack: Stack, load: Load, *, slower: float) -> tuple[dict[str, Any], dict[str, Report]]:
    """The honest bidders' report, and that of each abuse."""
    addresses = stack.addresses()
    if complaint := complaint_of(addresses["BASE_URL"]):
        raise StackFault(f"{complaint}: `make up` starts the stack")
    generator, target = build_storm(stack.settings.versions), _target(addresses)
    reports: list[dict[str, Report]] = []
    with ExitStack() as abusing, shown(f"{len(EVERYTHING)} abuses for {load.seconds:.0f} s"):

        def begin_or_end(phase: str) -> None:
            if phase == "storm":
                context = attack(list(EVERYTHING), target, reports, slower=slower)
                abusing.enter_context(context)
            elif phase == "done":
                abusing.close()

        storm = run_storm(
            generator,
            load,
            addresses=addresses,
            users_file=stack.places.data_dir / USERS_FILE,
            on_phase=begin_or_end,
        )
    (found,) = reports
    return storm, found


def _target(addresses: dict[str, str]) -> Target:
    ports = [urlsplit(addresses[name]).port for name in ("BASE_URL", "METRICS_URL")]
    gateway_port, metrics_port = (port or 0 for port in ports)
    door = Door(addresses["BASE_URL"], addresses["WS_URL"])
    return prepare(door, gateway_port=gateway_port, metrics_port=metrics_port)


if __name__ == "__main__":
    sys.exit(main())
