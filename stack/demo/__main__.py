"""`python -m stack.demo seed` fills a fresh stack, `play` enlivens it, `log-ins` tells who."""

import sys

from stack.demo.api import BIDDER, PASSWORD, SELLER
from stack.demo.play import play
from stack.demo.seed import seed


def show_log_ins() -> None:
    """Who may sign in to look around."""
    for role, email in (("seller", SELLER), ("bidder", BIDDER)):
        print(f"  {role:<9} {email}  {PASSWORD}")


VERBS = {"seed": lambda: seed(SELLER), "play": play, "log-ins": show_log_ins}


def main(arguments: list[str]) -> int:
    """Do what the one argument names; 2 for anything else."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print("usage: python -m stack.demo seed|play|log-ins", file=sys.stderr)
        return 2
    VERBS[arguments[0]]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
