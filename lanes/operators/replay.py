"""`replay list|show|run`: dead letters, and appending them to their topics again.

A replayed record goes to the end of its lane, with its original key, bytes and headers: its outcome
follows from the order of the log as it is now. A record that has had its effect since is skipped,
so a run that was interrupted may simply be repeated. Each record is replayed at most 3 times unless
forced. A replay that fails again is a new dead letter; the old one names it and is not replayed any
more.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace

from lanes.command_line import OK, REFUSED, Parser, WrongArgumentError, count, moment, table
from lanes.dead_letter_list import (
    DeadLetterSelection,
    StoredDeadLetter,
    StoredReplay,
    payload_text,
    select_named,
)
from lanes.operators.services import OperatorServices
from lanes.replay import ReplayOrder, ReplayResult
from lanes.text import printable
from lanes.time import rfc3339

LIST_LIMIT = 20
HEADER = ("ID", "PLACE", "KEY", "REASON", "ATTEMPTS", "REPLAYS", "GIVEN UP AT", "TRACE ID")

SKIPPED = {
    "SETTLED": "it has had its effect",
    "GIVEN_UP_AGAIN": "its replay was given up as dead letter {again_id}",
    "UNDER_WAY": "what becomes of its last replay is not known yet",
    "LIMIT_REACHED": "it was replayed {replay_count} times; --force replays it all the same",
    "UNKNOWN_TOPIC": "no topic {topic} is known: its log is gone",
    "TOO_LARGE": "the log does not take a record of this size",
    "GONE": "what it names was lost in a restore; --id replays it all the same",
}


def add_arguments(
    parser: Parser, *, key: str = "--key", reasons: Sequence[str] | None = None
) -> dict[str, Parser]:
    """Let the parser read this command; return the parsers of its verbs by name.

    `key` is the option that names a lane's key; `reasons` are all there can be, None when they are
    not known.
    """
    verbs = parser.add_subparsers(required=True, metavar="list|show|run")
    listing = verbs.add_parser("list", help="a table, the newest first")
    listing.add_argument("--limit", type=count, default=LIST_LIMIT)
    listing.set_defaults(act=list_dead_letters)
    showing = verbs.add_parser("show", help="everything about one")
    showing.add_argument("id", help="of the dead letter, or by which logs follow its record")
    showing.set_defaults(act=show)
    running = verbs.add_parser(
        "run",
        help="put them into the log again",
        description=parser.description,
        formatter_class=parser.formatter_class,
    )
    running.add_argument("--dry-run", action="store_true", help="say what it would do, do nothing")
    running.add_argument("--limit", type=count, help="replay so many; skipped ones do not count")
    running.add_argument("--rate", type=count, help="records a second")
    running.add_argument("--force", action="store_true", help="also what was replayed 3 times")
    running.set_defaults(act=run)
    for verb in (listing, running):
        _add_filters(verb, key=key, reasons=reasons)
    return {"list": listing, "show": showing, "run": running}


def _add_filters(parser: Parser, *, key: str, reasons: Sequence[str] | None) -> None:
    parser.add_argument(
        "--id", dest="ids", action="append", default=[], metavar="ID",
        help="of a dead letter, or by which logs follow its record; often",
    )  # fmt: skip
    parser.add_argument(key, dest="key", type=_key, metavar="KEY", help="the lane's key")
    parser.add_argument("--reason", choices=reasons)
    parser.add_argument("--since", type=moment, metavar="TIME", help="given up then or later")
    parser.add_argument("--until", type=moment, metavar="TIME", help="given up before; RFC 3339")
    parser.add_argument("--topic")


def list_dead_letters(services: OperatorServices, options: argparse.Namespace) -> int:
    """Print dead letters, newest first."""
    selection, found = newest(services, options)
    if not found:
        print("no dead letter matches")
        return OK
    print(table(HEADER, [_row(letter) for letter in found]))
    total = services.dead_letter_list.count(selection)
    if total > len(found):
        print(f"the newest {len(found)} of {total}: --limit shows more")
    return OK


def show(services: OperatorServices, options: argparse.Namespace) -> int:
    """Print everything about a dead letter."""
    found = services.dead_letter_list.with_payload(options.id)
    print("\n\n".join(_details(letter) for letter in found))
    return OK


def run(services: OperatorServices, options: argparse.Namespace) -> int:
    """Replay what is selected, as the user who runs the command."""
    user = os.environ.get("USER") or str(os.getuid())
    return exit_code(replay(services, options, requested_by=user))


def newest(
    services: OperatorServices, options: argparse.Namespace
) -> tuple[DeadLetterSelection, list[StoredDeadLetter]]:
    """Return what is selected, and the newest of it, at most `options.limit`."""
    selection = _selection(services, options)
    return selection, services.dead_letter_list.newest(selection, limit=options.limit)


def replay(
    services: OperatorServices, options: argparse.Namespace, *, requested_by: str
) -> Counter[str]:
    """Replay what is selected, and print each result; return how many had which result."""
    order = ReplayOrder(
        selection=_selection(services, options),
        requested_by=requested_by,
        limit=options.limit,
        force=options.force,
        dry_run=options.dry_run,
        per_s=options.rate,
    )
    results = services.replayer.run(order)
    total = services.dead_letter_list.count(order.selection)
    counts: Counter[str] = Counter()
    for number, result in enumerate(results, start=1):
        counts[result.result] += 1
        print(f"{number}/{total}  dead letter {result.id} {_result_text(result)}", flush=True)
    print(_summary(counts))
    return counts


def exit_code(counts: Counter[str]) -> int:
    """Return the exit code of a replay with these results, and say so when one is unknown."""
    if not counts["unknown"]:
        return OK
    print("the log did not answer in time: ask again, once it does", file=sys.stderr)
    return REFUSED


def _selection(services: OperatorServices, options: argparse.Namespace) -> DeadLetterSelection:
    selection = replace(
        select_named(options.ids),
        key=options.key,
        reason=options.reason,
        topic=options.topic,
        since=options.since,
        until=options.until,
    )
    fault = services.dead_letter_list.fault(selection)
    if fault is not None:
        raise WrongArgumentError(f"argument --{fault[0]}: {fault[1]}")
    return selection


def _key(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("is empty")
    return text


def _row(letter: StoredDeadLetter) -> Sequence[object]:
    return (
        letter.id,
        f"{letter.topic}/{letter.partition}/{letter.offset}",
        "-" if letter.key is None else letter.key,
        letter.reason,
        letter.attempts,
        letter.replays,
        rfc3339(letter.created_at),
        letter.trace_id or "-",
    )


def _details(letter: StoredDeadLetter) -> str:
    key = "none"
    if letter.raw_key is not None:
        key = f"{letter.key} (hex {letter.raw_key.hex() or 'empty'})"
    payload, encoding = payload_text(letter)
    given_up_at, failed_at = rfc3339(letter.created_at), rfc3339(letter.first_failed_at)
    lines = [
        f"dead letter {letter.id}",
        f"  place         {letter.topic}/{letter.partition}/{letter.offset}",
        f"  key           {key}",
        f"  log time      {rfc3339(letter.log_time)}",
        f"  trace id      {letter.trace_id or 'none'}",
        f"  given up      {given_up_at} by group {letter.group}",
        f"  attempts      {letter.attempts}, the first failed at {failed_at}",
        f"  reason        {letter.reason}",
        f"  error         {letter.error_class}: {letter.message}",
        f"  replays       {letter.replays}",
        *(f"    {_replay_text(letter, one)}" for one in letter.replayed),
        f"  payload       {letter.payload_bytes} bytes, {encoding}:",
        payload,
    ]
    return "\n".join(printable(line) for line in lines)


def _replay_text(letter: StoredDeadLetter, one: StoredReplay) -> str:
    record_id = f"to {letter.topic}/{one.partition}/{one.offset}"
    came = "unknown whether it arrived" if one.offset is None else record_id
    return f"{rfc3339(one.at)} by {one.requested_by}{' (forced)' if one.is_forced else ''}: {came}"


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
