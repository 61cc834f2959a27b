"""The command line of the bridge: what is wrong with it is said in one line."""

import argparse
from typing import NoReturn


class Arguments(argparse.ArgumentParser):
    """A parser that names the fault and exits with 2, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        """Called for bad arguments."""
        self.exit(2, f"{self.prog}: {message}\n")
