"""What commands share: a parser that is brief about errors, and numbers."""

import argparse
from typing import NoReturn

REFUSED = 2  # the exit code for wrong arguments and what cannot be done


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Exit 2."""
        self.exit(REFUSED, f"{self.prog}: {message}\n")


def count(text: str) -> int:
    """Parse a whole number from 1 on, for argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number
