"""A command line whose faults are one line, as everything else the stack refuses."""

import argparse
from typing import NoReturn

from stack.faults import UsageFault


class Parser(argparse.ArgumentParser):
    """Raises UsageFault where argparse prints how the command is used and exits."""

    def error(self, message: str) -> NoReturn:
        """As argparse calls it."""
        raise UsageFault(message)
