"""`python -m bridge audit`: the platform's audit, with what auctions, events, chat and clients'
journals add to it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.bootstrap.operator import OperatorContainer
from app.services.auditing.invariants import INVARIANTS
from bridge.command import MakeContainer, make_command_parser, perform_quietly
from lanes.audit import AuditResults, Scope
from lanes.audit.run import run_audit
from lanes.command_line import Parser
from lanes.operators import audit as command


def main(arguments: Sequence[str], make_container: MakeContainer) -> int:
    """Return the exit code: 0, 1 when an invariant is violated, 2 when the audit cannot run."""
    # It changes nothing, and tells more about an older database than a refusal does.
    return perform_quietly(make_parser(), arguments, make_container, is_guarded=False)


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = make_command_parser(
        "audit",
        description=(
            "Hold log, stores and what clients were told against the invariants. "
            "Exit 1 when one is violated, 2 when the audit cannot be made."
        ),
    )
    command.add_arguments(parser, key="--auction")
    parser.add_argument(
        "--journal", type=Path, action="append", default=[], metavar="FILE",
        help="what clients were told; may be given again",
    )  # fmt: skip
    parser.set_defaults(act=_audit)
    return parser


def _audit(container: OperatorContainer, options: argparse.Namespace) -> int:
    others = container.make_audits(options.journal)
    return command.audit(container, options, others=others, invariants=INVARIANTS)


def audit(container: OperatorContainer, scope: Scope, journals: Sequence[Path]) -> AuditResults:
    """Check all invariants.

    Raise OutageError when a server cannot be reached, NotFoundError for a lane that does not exist,
    JournalError for a journal that cannot be read.
    """
    others = container.make_audits(journals)
    return run_audit(container.audit_sources, scope, others=others, invariants=INVARIANTS)
