"""`python -m stack.demo seed` fills a fresh stack, `play` enlivens it, `log-ins` tells who.

`bid` places one bid at BASE_URL and WS_URL and waits for its outcome; exit code 1 without it.
"""

import sys

from stack.demo.api import BIDDER, PASSWORD, SELLER, RefusedError
from stack.demo.one_bid import place_bid
from stack.demo.play import play
from stack.demo.seed import seed
from stack.faults import StackFault


def show_log_ins() -> None:
    """Who may sign in to look around."""
    for role, email in (("seller", SELLER), ("bidder", BIDDER)):
        print(f"  {role:<9} {email}  {PASSWORD}")


VERBS = {"seed": lambda: seed(SELLER), "play": play, "bid": place_bid, "log-ins": show_log_ins}


def main(arguments: list[str]) -> int:
    """Do what the one argument names; 2 for anything else."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print("usage: python -m stack.demo seed|play|bid|log-ins", file=sys.stderr)
        return 2
    try:
        VERBS[arguments[0]]()
    except (StackFault, RefusedError, OSError) as fault:
        print(f"{arguments[0]}: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
