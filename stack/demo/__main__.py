"""`python -m stack.demo seed` fills a fresh stack, `play` enlivens it, at BASE_URL and WS_URL.

`bid` places one bid there and waits for its outcome; exit code 1 without it.
"""

import os
import sys

from stack.client import CallError, Endpoint
from stack.demo.one_bid import place_bid
from stack.demo.play import play
from stack.demo.seed import seed
from stack.faults import StackFault

VERBS = {"seed": seed, "play": play, "bid": place_bid}


def main(arguments: list[str]) -> int:
    """Do what the one argument names; 2 for anything else."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print(f"usage: python -m stack.demo {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    try:
        VERBS[arguments[0]](Endpoint.of(os.environ))
    except (StackFault, CallError, OSError) as fault:
        print(f"{arguments[0]}: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
