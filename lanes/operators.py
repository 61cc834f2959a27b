"""The commands of operators: parked lanes, replays of dead letters, the audit."""

import argparse
import getpass
import time
from functools import partial
from typing import TYPE_CHECKING

from lanes.audit.ports import Scope
from lanes.audit.printing import lines
from lanes.audit.results import INVARIANTS
from lanes.audit.run import AuditSources, run_audit
from lanes.dead_letter_list import DeadLetterList, DeadLetterSelection, select_named
from lanes.kafka.lags import KafkaLags
from lanes.kafka.reader import KafkaLogReader
from lanes.kafka.replay_log import KafkaReplayLog
from lanes.parking import Parked
from lanes.postgres.audit_rows import PostgresLaneRows, snapshot
from lanes.postgres.lanes import PostgresLanes
from lanes.postgres.parked import PostgresParkedStore
from lanes.postgres.replay import PostgresReplayStore, PostgresStoredDeadLetters
from lanes.replay import Replayer, ReplayOrder
from lanes.text import printable

if TYPE_CHECKING:
    from lanes.platform import Platform

NAME = "operator"  # on the servers that a command connects to
OK, VIOLATED = 0, 1


def list_parked(platform: "Platform", options: argparse.Namespace) -> int:
    """Print parked lanes and partitions."""
    parked = _parked(platform)
    lanes, partitions = parked.lanes(options.limit), parked.partitions(options.limit)
    for lane in lanes:
        where = f"{lane.topic} {printable(lane.key)}"
        print(f"{where}: {lane.waiting} wait, {lane.reason}: {lane.message}")
    for one, waiting in partitions:
        where = f"{one.topic}/{one.partition} of group {one.group}"
        print(f"{where}: {waiting} wait, {one.reason}: {one.message}")
    if not lanes and not partitions:
        print("nothing is parked")
    return OK


def park(platform: "Platform", options: argparse.Namespace) -> int:
    """Park a lane."""
    _parked(platform).park(options.topic, options.key, options.reason)
    print(f"{options.topic} {printable(options.key)} is parked")
    return OK


def unpark(platform: "Platform", options: argparse.Namespace) -> int:
    """Let a lane go on."""
    _parked(platform).unpark(options.topic, options.key)
    print(f"{options.topic} {printable(options.key)} is free")
    return OK


def list_dead_letters(platform: "Platform", options: argparse.Namespace) -> int:
    """Print dead letters, newest first."""
    listed = _dead_letters(platform)
    found = listed.newest(_selection(options), limit=options.limit)
    for letter in found:
        where = f"{letter.topic}/{letter.partition}/{letter.offset}"
        key = printable(letter.key or "")
        print(f"{letter.id} {where} {key}: {letter.reason}: {printable(letter.message)}")
    if not found:
        print("there is no dead letter")
    return OK


def replay(platform: "Platform", options: argparse.Namespace) -> int:
    """Append dead letters to their topics again, in the order of the log."""
    replayer = Replayer(
        _dead_letters(platform),
        PostgresReplayStore(platform.begin, quiet_s=platform.limits.replay_quiet_s),
        KafkaReplayLog(platform.kafka, name=NAME),
        begin=platform.begin,
        lanes=platform.topics,
        limits=platform.limits,
        clock=time.monotonic,
        sleep=time.sleep,
    )
    order = ReplayOrder(
        selection=_selection(options),
        requested_by=getpass.getuser(),
        force=options.force,
        dry_run=options.dry_run,
    )
    results = list(replayer.run(order))
    for result in results:
        print(f"{result.id} {result.topic}: {result.code or result.result}")
    print(f"{sum(result.result == 'replayed' for result in results)} replayed")
    return OK


def audit(platform: "Platform", options: argparse.Namespace) -> int:
    """Check that no record is lost, doubled or left waiting; exit 1 when one is."""
    reader = KafkaLogReader(platform.kafka, name=NAME)
    sources = AuditSources(
        lanes=list(platform.topics.values()),
        log=reader,
        rows=PostgresLaneRows(),
        snapshot=partial(snapshot, platform.engine, timeout_ms=platform.limits.audit_timeout_ms),
    )
    results = run_audit(sources, Scope(sample=options.sample))
    reader.close()
    print("\n".join(lines(results, INVARIANTS)))
    return VIOLATED if results.violated else OK


def _parked(platform: "Platform") -> Parked:
    return Parked(
        PostgresParkedStore(platform.begin),
        PostgresLanes(),
        KafkaLags(platform.kafka, name=NAME),
        platform.waker,
        begin=platform.begin,
        topics=platform.topics,
    )


def _dead_letters(platform: "Platform") -> DeadLetterList:
    return DeadLetterList(PostgresStoredDeadLetters(platform.begin), sorted(platform.topics))


def _selection(options: argparse.Namespace) -> DeadLetterSelection:
    return select_named(options.ids)
