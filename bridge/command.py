"""Shared by the commands of operators: their parser, and one line for each error."""

import argparse
import logging
import sys
from collections.abc import Callable, Iterable, Sequence

from app.bootstrap.operator import OperatorContainer
from app.domain.errors import DomainError
from app.observability.logging import configure_logging
from app.observability.security_log import open_security_log
from app.settings import Settings, SettingsError, read_settings
from lanes.command_line import REFUSED, Parser
from lanes.errors import LanesError
from lanes.text import printable

Act = Callable[[OperatorContainer, argparse.Namespace], int]

MakeContainer = Callable[[Settings], OperatorContainer]
"""Makes the services of a command; connects to nothing yet."""

INTERRUPTED = 130  # as shells say it of SIGINT


def be_quiet() -> None:
    """Silence the logs of client libraries: our one line reports their errors."""
    configure_logging("CRITICAL", process="bridge")
    logging.disable()


def perform(
    parser: Parser,
    arguments: Sequence[str],
    make_container: MakeContainer,
    *,
    is_guarded: bool = True,
) -> int:
    """Run the function that the parser of `arguments` set as `act`; return the exit code.

    Unless `is_guarded` is false, a database that is older than Kafka is refused. 2 and a line for
    wrong settings, bad values, unknown things and servers that do not answer.
    """
    if any("\udc80" <= char <= "\udcff" for text in arguments for char in text):
        parser.error("the arguments are not UTF-8")
    options = parser.parse_args(arguments)
    act: Act = options.act
    try:
        settings = read_settings()
        open_security_log(settings, process="operator")
        container = make_container(settings)
        if is_guarded:
            container.guard_database()
        return act(container, options)
    except (SettingsError, DomainError, LanesError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted; the same may be asked again", file=sys.stderr)
        return INTERRUPTED


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as aligned columns, two spaces apart."""
    cells = [list(header), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
