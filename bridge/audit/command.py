"""The command `audit`: its arguments, output and exit codes."""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from app.bootstrap.operator import OperatorContainer
from app.protocol.journal import JournalError
from app.services.auditing.invariants import INVARIANTS
from bridge.command import MakeContainer, be_quiet, perform
from lanes.audit.ports import Scope
from lanes.audit.printing import as_json, lines
from lanes.audit.results import AuditResults
from lanes.audit.run import AuditSources, run_audit
from lanes.command_line import REFUSED, Parser
from lanes.postgres.audit_rows import PostgresLaneRows, snapshot

VIOLATED = 1


def main(arguments: Sequence[str], make_container: MakeContainer) -> int:
    """Return the exit code: 0, 1 when an invariant is violated, 2 when the audit cannot run."""
    be_quiet()
    # It changes nothing, and says more of a database that is older than the log than a refusal.
    return perform(make_parser(), arguments, make_container, is_guarded=False)


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m bridge audit",
        description=(
            "Hold log, stores and what clients were told against the invariants. "
            "Exit 1 when one is violated, 2 when the audit cannot be made."
        ),
    )
    parser.set_defaults(act=run)
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
    return parser


def run(container: OperatorContainer, options: argparse.Namespace) -> int:
    """Audit, print, and return the exit code."""
    scope = Scope(since=options.since, lane=options.auction, sample=options.sample)
    try:
        results = audit(container, scope, options.journal)
    except JournalError as error:
        print(f"python -m bridge audit: {error}", file=sys.stderr)
        return REFUSED
    print(as_json(results, INVARIANTS) if options.json else "\n".join(lines(results, INVARIANTS)))
    return VIOLATED if results.violated else 0


def audit(container: OperatorContainer, scope: Scope, journals: Sequence[Path]) -> AuditResults:
    """Check all invariants.

    Raise OutageError when a server cannot be reached, NotFoundError for a lane that does not exist,
    JournalError for a journal that cannot be read.
    """
    timeout_ms = container.settings.limits.audit_timeout_ms
    sources = AuditSources(
        lanes=list(container.lane_topics.values()),
        log=container.log_reader,
        rows=PostgresLaneRows(),
        snapshot=partial(snapshot, container.engine, timeout_ms=timeout_ms),
    )
    others = container.make_audits(journals)
    return run_audit(sources, scope, others=others, invariants=INVARIANTS)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no RFC 3339 time") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone")
    return moment
