"""`lanes`: lists parked lanes and partitions; `park` and `unpark`."""

import argparse
import re
from collections.abc import Sequence

from lanes.command_line import OK, Parser, WrongArgumentError, count, table
from lanes.operators.services import OperatorServices
from lanes.parking import ParkedLane, ParkedPartition
from lanes.text import printable
from lanes.time import rfc3339

LIST_LIMIT = 100
NAME_ONE = "name a lane by TOPIC KEY, or a partition by --partition GROUP TOPIC PARTITION"
PARTITION = ("GROUP", "TOPIC", "PARTITION")
LANES_HEADER = ("TOPIC", "KEY", "WAITING", "PARKED SINCE", "REASON", "MESSAGE")
PARTITIONS_HEADER = (*PARTITION, "WAITING", "PARKED SINCE", "REASON", "MESSAGE")


def add_arguments(parser: Parser) -> dict[str, Parser]:
    """Let the parser read this command; return the parsers of its verbs by name."""
    parser.add_argument("--limit", type=count, default=LIST_LIMIT)
    parser.set_defaults(act=list_parked)
    verbs = parser.add_subparsers(metavar="park|unpark")
    parking = verbs.add_parser("park", help="settle nothing of a lane until it is freed")
    parking.add_argument("topic")
    parking.add_argument("key")
    parking.add_argument("--reason", required=True, help="for whoever finds it parked")
    parking.set_defaults(act=park)
    freeing = verbs.add_parser("unpark", help="let a lane or a partition go on")
    freeing.add_argument("topic", nargs="?")
    freeing.add_argument("key", nargs="?")
    freeing.add_argument("--partition", nargs=3, metavar=PARTITION, help="instead of a lane")
    freeing.set_defaults(act=unpark)
    return {"park": parking, "unpark": freeing}


def list_parked(services: OperatorServices, options: argparse.Namespace) -> int:
    """Print parked lanes and partitions, oldest first."""
    lanes = [_lane_row(lane) for lane in services.parked.lanes(options.limit)]
    partitions = [
        _partition_row(parked, waiting)
        for parked, waiting in services.parked.partitions(options.limit)
    ]
    print(table(LANES_HEADER, lanes) if lanes else "no lane is parked")
    print(table(PARTITIONS_HEADER, partitions) if partitions else "no partition is parked")
    if options.limit in (len(lanes), len(partitions)):
        print(f"the first {options.limit}; --limit shows more")
    return OK


def park(services: OperatorServices, options: argparse.Namespace) -> int:
    """Park a lane."""
    services.parked.park(options.topic, options.key, options.reason)
    print(f"{options.topic} {printable(options.key)} is parked")
    return OK


def unpark(services: OperatorServices, options: argparse.Namespace) -> int:
    """Let a lane or a partition go on."""
    if options.partition:
        group, topic, partition = partition_of(options)
        services.parked.unpark_partition(group, topic, partition)
        print(f"{topic}/{partition} of group {group} is free")
        return OK
    if options.key is None:
        raise WrongArgumentError(NAME_ONE)
    services.parked.unpark(options.topic, options.key)
    print(f"{options.topic} {printable(options.key)} is free")
    return OK


def partition_of(options: argparse.Namespace) -> tuple[str, str, int]:
    """Return group, topic and number of the partition that is named. Raise WrongArgumentError."""
    group, topic, partition = options.partition
    if options.topic is not None or not re.fullmatch("[0-9]{1,9}", partition):
        raise WrongArgumentError(NAME_ONE)
    return group, topic, int(partition)


def _lane_row(lane: ParkedLane) -> Sequence[object]:
    return (lane.topic, lane.key, lane.waiting, rfc3339(lane.since), lane.reason, lane.message)


def _partition_row(parked: ParkedPartition, waiting: int) -> Sequence[object]:
    partition = (parked.group, parked.topic, parked.partition)
    return (*partition, waiting, rfc3339(parked.since), parked.reason, parked.message)
