"""What commands share: a parser that is brief about errors, types of arguments, tables."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NoReturn

from lanes.errors import LanesError
from lanes.text import printable

OK = 0
REFUSED = 2  # the exit code for wrong arguments and what cannot be done
INTERRUPTED = 130  # as shells say it of SIGINT


class WrongArgumentError(LanesError):
    """An argument that is wrong beside others, or that only the services can tell."""


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Exit 2."""
        self.exit(REFUSED, f"{self.prog}: {message}\n")


def parse_arguments(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options. Exit 2 for wrong ones, and for bytes that are no text."""
    if any("\udc80" <= char <= "\udcff" for text in arguments for char in text):
        parser.error("the arguments are not UTF-8")
    return parser.parse_args(arguments)


def perform(
    program: str, command: Callable[[], int], *, describe: Callable[[Exception], str | None]
) -> int:
    """Return the exit code of the command: 2 and a line for an error that `describe` describes;
    raise others."""
    try:
        return command()
    except KeyboardInterrupt:
        print(f"{program}: interrupted; the same may be asked again", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        line = describe(error)
        if line is None:
            raise
        print(f"{program}: {line}", file=sys.stderr)
        return REFUSED


def count(text: str) -> int:
    """Parse a whole number from 1 on, for argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number


def moment(text: str) -> datetime:
    """Parse a time as RFC 3339 writes it, with its zone, for argparse."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no RFC 3339 time") from error
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone")
    return found


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as aligned columns, two spaces apart."""
    cells = [list(header), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
