"""`audit`: checks that no record is lost, doubled or left waiting."""

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from lanes.audit.ports import Audit, Scope
from lanes.audit.printing import as_json, lines
from lanes.audit.results import INVARIANTS
from lanes.audit.run import run_audit
from lanes.command_line import OK, Parser, moment
from lanes.operators.services import OperatorServices

VIOLATED = 1


def add_arguments(parser: Parser, *, key: str = "--key") -> None:
    """Let the parser read this command; `key` is the option that names a lane's key."""
    parser.set_defaults(act=audit)
    parser.add_argument(
        "--since", type=moment, metavar="TIME",
        help="only what happened at TIME (RFC 3339) or later",
    )  # fmt: skip
    parser.add_argument(key, dest="key", metavar="KEY", help="only the lanes with this key")
    parser.add_argument(
        "--sample", action="store_true",
        help="some lanes at random, under load: what is on its way is no violation",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def audit(
    services: OperatorServices,
    options: argparse.Namespace,
    *,
    others: Iterable[Audit[Any]] = (),
    invariants: Mapping[str, str] = INVARIANTS,
) -> int:
    """Audit, print the results, and return the exit code: 1 when an invariant is violated.

    `others` and `invariants` are those of `run_audit`.
    """
    scope = Scope(since=options.since, lane=options.key, sample=options.sample)
    results = run_audit(services.audit_sources, scope, others=others, invariants=invariants)
    print(as_json(results, invariants) if options.json else "\n".join(lines(results, invariants)))
    return VIOLATED if results.violated else OK
