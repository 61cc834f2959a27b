"""`python3 -m stack VERB`: one verb per chore; the Makefile is a list of them."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python a machine has runs this
    sys.exit("stack: Python 3.11 or newer is needed: run `make PYTHON=python3.11 …`")

import argparse
from collections.abc import Callable
from inspect import signature
from typing import NamedTuple

from stack import chores, install, lifecycle
from stack.faults import StackFault, UsageFault, fault_of
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import PROFILES


class Verb(NamedTuple):
    """What a verb does, how, and on which profile."""

    what: str
    do: Callable[..., int | None]  # on a stack; what follows the verb is its own if it takes that
    profile: str = "local"

    def takes_arguments(self) -> bool:
        """Return whether something may follow the verb."""
        return len(signature(self.do).parameters) > 1


# Tests, benchmark and campaign must not touch what `make up` runs.
VERBS = {
    "up": Verb("start everything, print the address", lifecycle.up),
    "down": Verb("stop everything; the data stays", lifecycle.down),
    "restart": Verb("restart the application in turn, or one", lifecycle.restart),
    "scale": Verb("run N processes of POOL", lifecycle.scale),
    "status": Verb("show every process; 1 if one is ill", lifecycle.status),
    "logs": Verb("follow the logs, or the one named", lifecycle.logs),
    "clean": Verb("stop everything, delete the data", lifecycle.clean),
    "env": Verb("print the addresses", lifecycle.print_environment),
    "servers": Verb("start the servers alone", lifecycle.servers),
    "install": Verb("install what is needed", install.install_all),
    "check": Verb("format, lint, types, contracts, client", chores.check),
    "docs": Verb("write what is made of the code", chores.docs),
    "wheel": Verb("build the wheel of lanes/", chores.wheel),
    "image-check": Verb("build the image, run the compose file", chores.image_check, "test"),
    "lock": Verb("pin all packages by their hashes", chores.lock),
    "test": Verb("check, then pytest; or pytest ARGUMENTS", chores.test, "test"),
    "demo": Verb("bidders play on the demo auctions", chores.program("stack.demo", "play")),
    "run": Verb("run a command as the processes run", chores.run),
    "audit": Verb("check the invariants; 1 if violated", chores.program("bridge", "audit")),
    "bench": Verb("run the benchmark", chores.bench, "bench"),
    "storm": Verb("drive a script of k6/, then audit", chores.storm),
    "hostile": Verb("abuse the house, then audit", chores.installed("stack.hostile")),
    "boards": Verb("draw the last storm's boards", chores.boards),
    "faults": Verb("run the fault campaign", chores.faults, "faults"),
    "drill": Verb("lose PostgreSQL, restore it, audit", chores.installed("stack.drill"), "drill"),
}


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit code. What follows a verb is the verb's, help too."""
    verbs = "\n".join(f"  {name:<11} {verb.what}" for name, verb in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="python3 -m stack",
        description=f"The stack without containers.\n\n{verbs}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB", nargs="?")
    parser.add_argument("--profile", choices=PROFILES)
    options, rest = parser.parse_known_args(arguments)
    verb = VERBS.get(options.verb)
    takes_arguments = verb is not None and verb.takes_arguments()
    if not takes_arguments and {"-h", "--help"} & set(rest):
        parser.print_help()
        return 0
    if verb is None:
        parser.error("which VERB?")
    if rest and not takes_arguments:
        parser.error(f"{options.verb} takes no {' '.join(rest)}")
    try:
        stack = Stack.of(options.profile or verb.profile, step=shown)
        return verb.do(stack, *([rest] if takes_arguments else [])) or 0
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
