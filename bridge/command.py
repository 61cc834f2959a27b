"""Shared by the commands of operators: their settings, services and errors."""

import argparse
import logging
from collections.abc import Callable, Sequence

from app.bootstrap.operator import OperatorContainer
from app.domain.errors import DomainError
from app.observability.logging import configure_logging
from app.observability.security_log import open_security_log
from app.protocol.journal import JournalError
from app.settings import Settings, SettingsError, read_settings
from lanes import LanesError
from lanes.command_line import Parser, parse_arguments
from lanes.command_line import perform as perform_command

Act = Callable[[OperatorContainer, argparse.Namespace], int]

MakeContainer = Callable[[Settings], OperatorContainer]
"""Makes the services of a command; connects to nothing yet."""

REFUSALS = (SettingsError, DomainError, LanesError, JournalError)


def make_command_parser(name: str, *, description: str | None) -> Parser:
    """Return the parser of a command."""
    return Parser(
        prog=f"python -m bridge {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def perform_quietly(
    parser: Parser,
    arguments: Sequence[str],
    make_container: MakeContainer,
    *,
    is_guarded: bool = True,
) -> int:
    """As `perform`, without the logs of client libraries: our one line reports their errors."""
    configure_logging("CRITICAL", process="bridge")
    logging.disable()
    return perform(parser, arguments, make_container, is_guarded=is_guarded)


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
    options = parse_arguments(parser, arguments)
    act: Act = options.act

    def command() -> int:
        settings = read_settings()
        open_security_log(settings, process="operator")
        container = make_container(settings)
        if is_guarded:
            container.guard_database()
        return act(container, options)

    return perform_command(parser.prog, command, describe=_described)


def _described(error: Exception) -> str | None:
    return str(error) if isinstance(error, REFUSALS) else None
