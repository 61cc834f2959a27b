"""`python -m tests.platform.bridge …` is `python -m bridge …` on the topic of lists."""

import sys

from bridge.__main__ import main
from tests.platform.container import make_container

if __name__ == "__main__":
    sys.exit(main(make_container))
