"""The verb `audit`: its arguments, what it prints, and its exit codes."""

import argparse
import logging
import sys
from datetime import datetime
from pathlib import Path

from app.bootstrap import Container
from app.domain.errors import BusyError, NotFoundError
from app.protocol.journal import JournalError
from app.services.auditing.ports import Scope
from bridge.arguments import Arguments
from bridge.audit.printing import as_json, lines
from bridge.audit.run import audit

VIOLATED, REFUSED = 1, 2


def add_to(verbs: "argparse._SubParsersAction[Arguments]") -> None:
    """Add the verb and what it takes."""
    parser = verbs.add_parser(
        "audit",
        help="hold everything against the invariants",
        description=(
            "Hold log, stores and what clients were told against the invariants. "
            "Exit 1 when one is violated, 2 when the audit cannot be made."
        ),
    )
    parser.set_defaults(do=run)
    parser.add_argument(
        "--since", type=_moment, metavar="TIME",
        help="only what happened at TIME (RFC 3339) or later, auctions then decided in whole",
    )  # fmt: skip
    parser.add_argument("--auction", metavar="ID", help="only this auction, and its chat room")
    parser.add_argument(
        "--sample", action="store_true",
        help="some auctions at random, of a house under load: what is on its way is no violation",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--journal", type=Path, action="append", default=[], metavar="FILE",
        help="what clients were told; may be given again",
    )  # fmt: skip


def run(container: Container, options: argparse.Namespace) -> int:
    """Audit and print; the exit code."""
    logging.disable()  # the drivers' lines would stand between ours
    scope = Scope(since=options.since, lane=options.auction, sample=options.sample)
    try:
        tallies = audit(container, scope, options.journal)
    except (BusyError, NotFoundError, JournalError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return REFUSED
    print(as_json(tallies) if options.json else "\n".join(lines(tallies)))
    return VIOLATED if tallies.violated else 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no RFC 3339 time") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone")
    return moment
