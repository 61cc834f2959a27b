"""`python -m bridge lanes` lists parked lanes and partitions; `unpark` and `park`.

A lane is parked when too many of its records fail within a minute, or when one of them is of a
newer schema version than the code; so is a partition, for the consumers that have no lanes. Nothing
is lost meanwhile: a lane's records wait in the inbox, a partition's in Kafka.
"""

import argparse
import re
from collections.abc import Sequence

from app.bootstrap.operator import OperatorContainer
from app.domain.time import rfc3339
from app.observability.security_log import SecurityEvent, log_security, operator
from bridge.command import MakeContainer, be_quiet, perform, table
from lanes.command_line import Parser, count
from lanes.parking import ParkedLane, ParkedPartition

LIST_LIMIT = 100
NAME_ONE = "name a lane by TOPIC KEY, or a partition by --partition GROUP TOPIC PARTITION"
LANES_HEADER = ("TOPIC", "KEY", "WAITING", "PARKED SINCE", "REASON", "MESSAGE")
PARTITIONS_HEADER = ("GROUP", "TOPIC", "PARTITION", "WAITING", "PARKED SINCE", "REASON", "MESSAGE")


def main(arguments: Sequence[str], make_container: MakeContainer) -> int:
    """Return the exit code: 2 with one line when something is wrong."""
    be_quiet()
    return perform(make_parser(), arguments, make_container)


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m bridge lanes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--limit", type=count, default=LIST_LIMIT)
    parser.set_defaults(act=_list)
    verbs = parser.add_subparsers(metavar="park|unpark")
    parking = verbs.add_parser("park", help="settle nothing of a lane until it is freed")
    parking.add_argument("topic")
    parking.add_argument("key")
    parking.add_argument("--reason", required=True, help="for whoever finds it parked")
    parking.set_defaults(act=_park)
    freeing = verbs.add_parser("unpark", help="let a lane or a partition go on")
    freeing.add_argument("topic", nargs="?")
    freeing.add_argument("key", nargs="?")
    freeing.add_argument(
        "--partition", nargs=3, metavar=("GROUP", "TOPIC", "PARTITION"), help="instead of a lane"
    )
    freeing.set_defaults(act=_unpark, refuse=freeing.error)
    return parser


def _list(container: OperatorContainer, options: argparse.Namespace) -> int:
    lanes = [_lane_row(lane) for lane in container.parked.lanes(options.limit)]
    partitions = [
        _partition_row(parked, waiting)
        for parked, waiting in container.parked.partitions(options.limit)
    ]
    print(table(LANES_HEADER, lanes) if lanes else "no lane is parked")
    print(table(PARTITIONS_HEADER, partitions) if partitions else "no partition is parked")
    if options.limit in (len(lanes), len(partitions)):
        print(f"the first {options.limit}; --limit shows more")
    return 0


def _lane_row(lane: ParkedLane) -> Sequence[object]:
    return (lane.topic, lane.key, lane.waiting, rfc3339(lane.since), lane.reason, lane.message)


def _partition_row(parked: ParkedPartition, waiting: int) -> Sequence[object]:
    part = (parked.group, parked.topic, parked.partition)
    return (*part, waiting, rfc3339(parked.since), parked.reason, parked.message)


def _park(container: OperatorContainer, options: argparse.Namespace) -> int:
    container.parked.park(options.topic, options.key, options.reason)
    _log("park", topic=options.topic, key=options.key)
    print(f"{options.topic} {options.key} is parked")
    return 0


def _unpark(container: OperatorContainer, options: argparse.Namespace) -> int:
    if options.partition:
        return _unpark_partition(container, options)
    if options.key is None:
        options.refuse(NAME_ONE)
    container.parked.unpark(options.topic, options.key)
    _log("unpark", topic=options.topic, key=options.key)
    print(f"{options.topic} {options.key} is free")
    return 0


def _unpark_partition(container: OperatorContainer, options: argparse.Namespace) -> int:
    group, topic, partition = options.partition
    if options.topic is not None or not re.fullmatch("[0-9]{1,9}", partition):
        options.refuse(NAME_ONE)
    container.parked.unpark_partition(group, topic, int(partition))
    _log("unpark", topic=topic, partition=int(partition), group=group)
    print(f"{topic}/{partition} of group {group} is free")
    return 0


def _log(command: str, **what: object) -> None:
    log_security(SecurityEvent.ADMIN_COMMAND, by=operator(), command=command, **what)
