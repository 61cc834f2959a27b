"""`python -m bridge replay list|show|run`: dead letters, and putting them into the log again.

A replayed record goes to the end of its lane, with its original key and bytes: its outcome is the
one that the order of the log gives now, not the one it would have had. A bid on an auction that has
closed meanwhile is rejected as CLOSED; one that is too low by now as TOO_LOW. A record that has had
its effect since is skipped, so a run that was cut off may simply be repeated. Each record is
replayed at most 3 times unless forced. A replay that fails again is a new dead letter; the old one
names it and is not replayed any more.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import msgspec
from msgspec import UnsetType

from app.bootstrap.operator import OperatorContainer
from app.observability.security_log import SecurityEvent, log_security, operator
from app.protocol.dead_letters import DeadLetter, Replay, ReplayRequest
from app.protocol.validation import parse
from app.services.dead_letters import shown
from app.services.rejected_records import REASONS
from bridge.command import MakeContainer, be_quiet, perform, table
from lanes.command_line import REFUSED, Parser, count
from lanes.dead_letter_list import DeadLetterSelection
from lanes.replay import ReplayOrder, ReplayResult
from lanes.text import printable

LIST_LIMIT = 20
HEADER = ("ID", "PLACE", "KEY", "REASON", "ATTEMPTS", "REPLAYS", "GIVEN UP AT", "TRACE ID")
FILTERS = ("auction", "reason", "since", "until", "topic")

SKIPPED = {
    "SETTLED": "it has had its effect",
    "GIVEN_UP_AGAIN": "its replay was given up as dead letter {again_id}",
    "UNDER_WAY": "what becomes of its last replay is not known yet",
    "LIMIT_REACHED": "it was replayed {replay_count} times; --force replays it all the same",
    "UNKNOWN_TOPIC": "no topic {topic} is known: its log is gone",
    "TOO_LARGE": "the log does not take a record of this size",
    "GONE": "its user or auction was lost in a restore; --id replays it all the same",
}


def main(arguments: Sequence[str], make_container: MakeContainer) -> int:
    """Return the exit code: 0 also when nothing matches, 2 with one line when something is
    wrong."""
    be_quiet()
    return perform(make_parser(), arguments, make_container)


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m bridge replay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="list|show|run")
    listing = verbs.add_parser("list", help="a table, the newest first")
    _add_filters(listing)
    listing.add_argument("--limit", type=count, default=LIST_LIMIT)
    listing.add_argument("--json", action="store_true", help="a line of JSON each")
    listing.set_defaults(act=_list)
    showing = verbs.add_parser("show", help="everything about one")
    showing.add_argument("id", help="of the dead letter, or of its bid or message")
    showing.add_argument("--json", action="store_true", help="a line of JSON each")
    showing.set_defaults(act=_show)
    running = verbs.add_parser(
        "run",
        help="put them into the log again",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_filters(running)
    running.add_argument("--dry-run", action="store_true", help="say what it would do, do nothing")
    running.add_argument("--limit", type=count, help="replay so many; skipped ones do not count")
    running.add_argument("--rate", type=count, help="records a second")
    running.add_argument("--force", action="store_true", help="also what was replayed 3 times")
    running.set_defaults(act=_run)
    return parser


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--id", action="append", default=[], help="of a dead letter, or of a bid or message; often"
    )
    parser.add_argument("--auction", metavar="KEY", help="the lane's key")
    parser.add_argument("--reason", choices=REASONS)
    parser.add_argument("--since", metavar="TIME", help="given up then or later; RFC 3339")
    parser.add_argument("--until", metavar="TIME", help="given up before; RFC 3339")
    parser.add_argument("--topic")


def _selection(container: OperatorContainer, options: argparse.Namespace) -> DeadLetterSelection:
    given = {name: getattr(options, name) for name in FILTERS}
    given |= {"ids": options.id or None}
    given = {name: value for name, value in given.items() if value is not None}
    request = parse(given, ReplayRequest, strict=False)
    ids = () if isinstance(request.ids, UnsetType) else request.ids
    return container.dead_letter_administration.selection(request, ids)


def _list(container: OperatorContainer, options: argparse.Namespace) -> int:
    selection = _selection(container, options)
    newest = container.dead_letter_list.newest(selection, limit=options.limit)
    found = [shown(letter) for letter in newest]
    if options.json:
        _print_json(found)
        return 0
    if not found:
        print("no dead letter matches")
        return 0
    print(table(HEADER, [_row(letter) for letter in found]))
    total = container.dead_letter_list.count(selection)
    if total > len(found):
        print(f"the newest {len(found)} of {total}: --limit shows more")
    return 0


def _row(letter: DeadLetter) -> Sequence[object]:
    return (
        letter.id,
        f"{letter.topic}/{letter.partition}/{letter.offset}",
        "-" if letter.key is None else letter.key,
        letter.reason,
        letter.attempts,
        letter.replays,
        letter.at,
        letter.trace_id or "-",
    )


def _show(container: OperatorContainer, options: argparse.Namespace) -> int:
    found = [shown(letter) for letter in container.dead_letter_list.with_payload(options.id)]
    if options.json:
        _print_json(found)
        return 0
    print("\n\n".join(_details(letter) for letter in found))
    return 0


def _print_json(found: Sequence[DeadLetter]) -> None:
    for letter in found:
        print(msgspec.json.encode(letter).decode())


def _details(letter: DeadLetter) -> str:
    key = "none" if letter.key_hex is None else f"{letter.key} (hex {letter.key_hex or 'empty'})"
    lines = [
        f"dead letter {letter.id}",
        f"  place         {letter.topic}/{letter.partition}/{letter.offset}",
        f"  key           {key}",
        f"  log time      {letter.log_time}",
        f"  trace id      {letter.trace_id or 'none'}",
        f"  given up      {letter.at} by group {letter.consumer_group}",
        f"  attempts      {letter.attempts}, the first failed at {letter.first_failed_at}",
        f"  reason        {letter.reason}",
        f"  error         {letter.error_class}: {letter.message}",
        f"  replays       {letter.replays}",
        *(f"    {_replay(letter, replay)}" for replay in letter.replayed),
        f"  payload       {letter.payload_bytes} bytes, {letter.payload_encoding}:",
        letter.payload,
    ]
    return "\n".join(printable(line) for line in lines)


def _replay(letter: DeadLetter, replay: Replay) -> str:
    record_id = f"to {letter.topic}/{replay.partition}/{replay.offset}"
    came = "unknown whether it arrived" if replay.offset is None else record_id
    return f"{replay.at} by {replay.requested_by}{' (forced)' if replay.forced else ''}: {came}"


def _run(container: OperatorContainer, options: argparse.Namespace) -> int:
    order = ReplayOrder(
        selection=_selection(container, options),
        requested_by=operator(),
        limit=options.limit,
        force=options.force,
        dry_run=options.dry_run,
        per_s=options.rate,
    )
    results = container.replayer.run(order)
    total = container.dead_letter_list.count(order.selection)
    counts: Counter[str] = Counter()
    for number, result in enumerate(results, start=1):
        counts[result.result] += 1
        print(f"{number}/{total}  dead letter {result.id} {_result_text(result)}", flush=True)
    print(_summary(counts))
    if records := counts["replayed"] + counts["unknown"]:
        log_security(SecurityEvent.REPLAYED, by=order.requested_by, records=records)
    if counts["unknown"]:
        print("the log did not answer in time: ask again, once it does", file=sys.stderr)
        return REFUSED
    return 0


def _result_text(result: ReplayResult) -> str:
    if result.code is not None:
        why = SKIPPED[result.code]
        return "skipped: " + why.format(**asdict(result))
    if result.result == "would_replay":
        return f"would be replayed to {result.topic}, replay {result.replay_count}"
    if result.result == "unknown":
        return "may have been replayed: no acknowledgement came in time"
    record_id = f"{result.topic}/{result.partition}/{result.offset}"
    return f"replayed to {record_id}, replay {result.replay_count}"


def _summary(counts: Counter[str]) -> str:
    if not counts:
        return "no dead letter matches"
    return ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in counts.items())
