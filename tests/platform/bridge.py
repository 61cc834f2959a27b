"""`python -m tests.platform.bridge …` is `python -m bridge …` on the topic of lists."""

import sys
from functools import partial

from bridge.__main__ import COMMANDS, run
from bridge.operators import operate
from tests.platform.container import ListsBridge, ListsOperator

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[0] in COMMANDS:
        sys.exit(operate(arguments, partial(ListsOperator, application="operator")))
    sys.exit(run(arguments, partial(ListsBridge, application="bridge")))
