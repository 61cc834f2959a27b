"""`python3 -m stack VERB`: one verb per chore; the Makefile is a list of them."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python a machine has runs this
    sys.exit("stack: Python 3.11 or newer is needed: run `make PYTHON=python3.11 …`")

import argparse
from collections.abc import Callable

from stack import chores, lifecycle, scaling
from stack.faults import StackFault, UsageFault, fault_of
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import profile_names

Verb = Callable[[Stack, list[str]], int | None]

# What each does, and how.
VERBS: dict[str, tuple[str, Verb]] = {
    "up": ("start everything, print the address", lifecycle.up),
    "down": ("stop everything; the data stays", lambda stack, _: lifecycle.down(stack)),
    "restart": ("restart the application in turn, or one", lifecycle.restart),
    "scale": ("run N processes of POOL", scaling.scale),
    "status": ("show every process; 1 if one is ill", lambda stack, _: lifecycle.status(stack)),
    "logs": ("follow the logs, or the one named", lifecycle.logs),
    "clean": ("stop everything, delete the data", lambda stack, _: lifecycle.clean(stack)),
    "env": ("print the addresses", lambda stack, _: lifecycle.print_environment(stack)),
    "servers": ("start the servers alone", lambda stack, _: lifecycle.servers(stack)),
    "install": ("install what is needed", lambda stack, _: lifecycle.install_for_all(stack)),
    "check": ("format, lint, types, contracts, client", lambda stack, _: chores.check(stack)),
    "docs": ("write what is made of the code", lambda stack, _: chores.docs(stack)),
    "image-check": (
        "build the image, run the compose file",
        lambda stack, _: chores.image_check(stack),
    ),
    "lock": ("pin all packages by their hashes", chores.lock),
    "test": ("check, then pytest; or pytest ARGUMENTS", chores.test),
    "demo": ("bidders play on the demo auctions", chores.demo),
    "run": ("run a command as the processes run", chores.run),
    "audit": ("check the invariants; 1 if one is violated", chores.audit),
    "bench": ("run the benchmark", chores.bench),
    "storm": ("drive a script of k6/, then audit", chores.storm),
    "hostile": ("abuse the house beside honest bids, then audit", chores.hostile),
    "boards": ("draw the last storm's boards", chores.boards),
    "faults": ("run the fault campaign", chores.faults),
    "drill": ("lose PostgreSQL, restore it, audit", chores.drill),
}
# Tests, benchmark and campaign must not touch what `make up` runs.
PROFILES = {
    "test": "test",
    "bench": "bench",
    "faults": "faults",
    "drill": "drill",
    "image-check": "test",
}
DEFAULT_PROFILE = "local"
WITH_ARGUMENTS = (
    "up", "restart", "scale", "logs", "test", "demo", "run", "audit", "bench", "storm", "boards",
    "faults", "drill", "lock", "hostile",
)  # fmt: skip
HELP = ("-h", "--help")


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit code. What follows a verb is the verb's, help too."""
    verbs = "\n".join(f"  {name:<11} {what}" for name, (what, _) in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="python3 -m stack",
        description=f"The stack without containers.\n\n{verbs}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB", nargs="?")
    parser.add_argument("--profile", choices=profile_names())
    options, rest = parser.parse_known_args(arguments)
    if options.verb not in WITH_ARGUMENTS and set(rest) & set(HELP):
        parser.print_help()
        return 0
    if options.verb is None:
        parser.error("which VERB?")
    if rest and options.verb not in WITH_ARGUMENTS:
        parser.error(f"{options.verb} takes no {' '.join(rest)}")
    profile = options.profile or PROFILES.get(options.verb, DEFAULT_PROFILE)
    _, do = VERBS[options.verb]
    try:
        return do(Stack.of(profile, step=shown), rest) or 0
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
