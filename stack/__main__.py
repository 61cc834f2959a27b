"""`python3 -m stack VERB`: one verb per chore; the Makefile is a list of them."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python a machine has runs this
    sys.exit("stack: Python 3.11 or newer is needed: run `make PYTHON=python3.11 …`")

from collections.abc import Callable
from typing import Any, NamedTuple

from stack import chores, lifecycle
from stack.faults import Parser, StackFault, UsageFault, fault_of
from stack.install import install_all
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import PROFILES


class Verb(NamedTuple):
    """What a verb does, how, and on which profile.

    `do` is given a stack, and the options by their names. What `passes_on` is given to it as
    `arguments`, all but these options, the wish for help too.
    """

    what: str
    do: Callable[..., int | None]
    profile: str = "local"
    options: tuple[tuple[str, dict[str, Any]], ...] = ()
    passes_on: bool = False


NAMES = (("names", {"nargs": "*"}),)
WITH = (("--with", {"dest": "extras", "default": ""}),)
POOL = (("--pool", {"default": ""}), ("-n", {"dest": "size", "default": ""}))
STRESS = (("--stress", {"type": int, "default": 0}),)
# Tests, benchmark and campaign must not touch what `make up` runs.
VERBS = {
    "up": Verb("start everything, print the address", lifecycle.up, options=WITH),
    "down": Verb("stop everything; the data stays", lifecycle.down),
    "restart": Verb("restart the application in turn, or one", lifecycle.restart, options=NAMES),
    "scale": Verb("run N processes of POOL", lifecycle.scale, options=POOL),
    "status": Verb("show every process; 1 if one is ill", lifecycle.status),
    "logs": Verb("follow the logs, or the one named", lifecycle.logs, options=NAMES),
    "clean": Verb("stop everything, delete the data", lifecycle.clean),
    "env": Verb("print the addresses", lifecycle.print_environment),
    "servers": Verb("start the servers alone", lifecycle.servers),
    "install": Verb("install what is needed", install_all),
    "check": Verb("format, lint, types, contracts, client", chores.check),
    "docs": Verb("write what is made of the code", chores.docs),
    "wheel": Verb("build the wheel of lanes/", chores.wheel),
    "image-check": Verb("build the image, run the compose file", chores.image_check, "test"),
    "lock": Verb("pin all packages by their hashes", chores.lock, passes_on=True),
    "test": Verb(
        "check, then pytest; or pytest ARGUMENTS", chores.test, "test", STRESS, passes_on=True
    ),
    "demo": Verb("bidders play on the demo auctions", chores.program("stack.demo", "play")),
    "run": Verb("run a command as the processes run", chores.run, passes_on=True),
    "audit": Verb(
        "check the invariants; 1 if violated", chores.program("bridge", "audit"), passes_on=True
    ),
    "bench": Verb("run the benchmark", chores.bench, "bench", passes_on=True),
    "storm": Verb("drive a script of k6/, then audit", chores.storm, passes_on=True),
    "hostile": Verb(
        "abuse the house, then audit", chores.installed("stack.hostile"), passes_on=True
    ),
    "boards": Verb("draw the last storm's boards", chores.boards, passes_on=True),
    "faults": Verb("run the fault campaign", chores.faults, "faults", passes_on=True),
    "drill": Verb(
        "lose PostgreSQL, restore it, audit",
        chores.installed("stack.drill"),
        "drill",
        passes_on=True,
    ),
}


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit code."""
    parser = Parser(prog="python3 -m stack", description="The stack without containers.")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        own = verbs.add_parser(
            name, help=verb.what, add_help=not verb.passes_on, allow_abbrev=False
        )
        own.add_argument("--profile", choices=PROFILES, default=verb.profile)
        for option, keywords in verb.options:
            own.add_argument(option, **keywords)
    try:
        options, rest = parser.parse_known_args(arguments)
        named = vars(options)
        verb, stack = VERBS[named.pop("verb")], Stack.of(named.pop("profile"), step=shown)
        if verb.passes_on:
            named["arguments"] = rest
        elif rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        return verb.do(stack, **named) or 0
    except StackFault as fault:
        print(f"stack: {fault}", file=sys.stderr)
        return 2 if isinstance(fault, UsageFault) else 1
    except OSError as error:
        print(f"stack: {fault_of(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stack: interrupted; `make down` stops what was started", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
