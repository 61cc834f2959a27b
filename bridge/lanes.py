"""`python -m bridge lanes` lists parked lanes and partitions; `unpark` and `park`.

A lane is parked when too many of its records fail within a minute, or when one of them is of a
newer schema version than the code; so is a partition, for the consumers that have no lanes. Nothing
is lost meanwhile: a lane's records wait in the inbox, a partition's in Kafka.
"""

import argparse
from collections.abc import Sequence

from app.bootstrap.operator import OperatorContainer
from app.observability.security_log import SecurityEvent, log_security, operator
from bridge.command import MakeContainer, make_command_parser, perform_quietly
from lanes.command_line import Parser
from lanes.operators import parking


def main(arguments: Sequence[str], make_container: MakeContainer) -> int:
    """Return the exit code: 2 with one line when something is wrong."""
    return perform_quietly(make_parser(), arguments, make_container)


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = make_command_parser("lanes", description=__doc__)
    verbs = parking.add_arguments(parser)
    verbs["park"].set_defaults(act=_park)
    verbs["unpark"].set_defaults(act=_unpark)
    return parser


def _park(container: OperatorContainer, options: argparse.Namespace) -> int:
    code = parking.park(container, options)
    _log("park", topic=options.topic, key=options.key)
    return code


def _unpark(container: OperatorContainer, options: argparse.Namespace) -> int:
    code = parking.unpark(container, options)
    if options.partition:
        group, topic, partition = parking.partition_of(options)
        _log("unpark", topic=topic, partition=partition, group=group)
    else:
        _log("unpark", topic=options.topic, key=options.key)
    return code


def _log(command: str, **what: object) -> None:
    log_security(SecurityEvent.ADMIN_COMMAND, by=operator(), command=command, **what)
