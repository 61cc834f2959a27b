"""`python -m bridge replay list|show|run`: dead letters, and putting them into the log again.

A replayed record goes to the end of its lane, with its original key and bytes: its outcome is the
one that the order of the log gives now, not the one it would have had. A bid on an auction that has
closed meanwhile is rejected as CLOSED; one that is too low by now as TOO_LOW. A record that has had
its effect since is skipped, so a run that was cut off may simply be repeated. Each record is
replayed at most 3 times unless forced. A replay that fails again is a new dead letter; the old one
names it and is not replayed any more.
"""

import argparse
from collections.abc import Iterable, Sequence

import msgspec

from app.bootstrap.operator import OperatorContainer
from app.observability.security_log import SecurityEvent, log_security, operator
from app.services.dead_letters import shown
from app.services.rejected_records import REASONS
from bridge.command import MakeContainer, make_command_parser, perform_quietly
from lanes import StoredDeadLetter
from lanes.command_line import OK, Parser
from lanes.operators import replay


def main(arguments: Sequence[str], make_container: MakeContainer) -> int:
    """Return the exit code: 0 also when nothing matches, 2 with one line when something is
    wrong."""
    return perform_quietly(make_parser(), arguments, make_container)


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = make_command_parser("replay", description=__doc__)
    verbs = replay.add_arguments(parser, key="--auction", reasons=REASONS)
    for name, act in (("list", _list), ("show", _show)):
        verbs[name].add_argument("--json", action="store_true", help="a line of JSON each")
        verbs[name].set_defaults(act=act)
    verbs["run"].set_defaults(act=_run)
    return parser


def _list(container: OperatorContainer, options: argparse.Namespace) -> int:
    if not options.json:
        return replay.list_dead_letters(container, options)
    _, found = replay.newest(container, options)
    return _print_json(found)


def _show(container: OperatorContainer, options: argparse.Namespace) -> int:
    if not options.json:
        return replay.show(container, options)
    return _print_json(container.dead_letter_list.with_payload(options.id))


def _print_json(found: Iterable[StoredDeadLetter]) -> int:
    """Print dead letters as the admin API shows them."""
    for letter in found:
        print(msgspec.json.encode(shown(letter)).decode())
    return OK


def _run(container: OperatorContainer, options: argparse.Namespace) -> int:
    requested_by = operator()
    counts = replay.replay(container, options, requested_by=requested_by)
    if records := counts["replayed"] + counts["unknown"]:
        log_security(SecurityEvent.REPLAYED, by=requested_by, records=records)
    return replay.exit_code(counts)
