"""Commands of operators on accounts and the database; WHO is an e-mail or the id of a user.

`grant WHO ROLE` gives a role (`user` takes one away), `suspend WHO` lets a user only read, `ban
WHO` keeps them out; `--lift` undoes the latter two. A change that takes something away ends all
sessions of that user, and their sockets close on every gateway. `limit WHO CURRENCY AMOUNT` sets
how much a user may bid, in minor units; `void WHO AUCTION --by ADMIN --reason TEXT` takes a bidder
out of an open auction.

`erase WHO` erases a user's name, address and log-ins for good, as they can themselves
(docs/privacy.md); not while they lead in an open auction. `after-restore` opens the site after its
database was restored.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import get_args

from app import after_restore
from app.bootstrap.admin import build_admin_container
from app.bootstrap.house import HouseContainer
from app.domain.errors import DomainError
from app.domain.money import Currency
from app.observability.logging import configure_logging
from app.observability.security_log import open_security_log, operator
from app.protocol.resources import AuctionVoid, UserChange
from app.protocol.types import Role, UserStatus
from app.protocol.validation import parse
from app.settings import SettingsError, read_settings
from lanes.command_line import OK, Parser, parse_arguments, perform

PROGRAM = "python -m app.admin"
CONNECT_WAIT_S = 10.0  # to Kafka, for a process that has just begun

Act = Callable[[argparse.Namespace], int]
"""What the program does; returns its exit code."""
Verb = Callable[[HouseContainer, argparse.Namespace], str]
"""What a command does; returns the line that says so."""


def main() -> int:
    """Exit 2, with a line that says why, when nothing was changed."""
    options = parse_arguments(_parser(), sys.argv[1:])
    act: Act = options.act
    configure_logging("CRITICAL", process="operator")
    logging.disable()  # an error is printed as one line
    return perform(PROGRAM, lambda: act(options), describe=_described)


def _described(error: Exception) -> str | None:
    return str(error) if isinstance(error, SettingsError | DomainError) else None


def _parser() -> Parser:
    parser = Parser(prog=PROGRAM, description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    grant = _add_verb(verbs, "grant", _grant, "give a role")
    grant.add_argument("role", choices=get_args(Role))
    suspend = _add_verb(verbs, "suspend", partial(_set_status, "suspended"), "let only read")
    ban = _add_verb(verbs, "ban", partial(_set_status, "banned"), "keep out")
    for verb in (suspend, ban):
        verb.add_argument("--lift", action="store_true", help="undo it")
    limit = _add_verb(verbs, "limit", _limit, "set a bid limit")
    limit.add_argument("currency", choices=get_args(Currency))
    limit.add_argument("amount", type=int, help="in minor units: cents of USD and EUR")
    void = _add_verb(verbs, "void", _void, "void all bids on an auction")
    void.add_argument("auction", type=int, help="its id")
    void.add_argument("--by", required=True, metavar="ADMIN", help="who answers for it")
    void.add_argument("--reason", required=True, help="the bidder is told it")
    _add_verb(verbs, "erase", _erase, "erase a user for good")
    restore = verbs.add_parser(
        "after-restore", description=after_restore.__doc__, allow_abbrev=False
    )
    restore.add_argument("--dry-run", action="store_true", help="list what would be done")
    restore.set_defaults(act=_after_restore)
    return parser


def _add_verb(
    verbs: "argparse._SubParsersAction[Parser]", name: str, verb: Verb, help_text: str
) -> Parser:
    """A command on a user."""
    parser = verbs.add_parser(name, help=help_text, allow_abbrev=False)
    parser.add_argument("who", metavar="WHO", help="an e-mail, or the id of a user")
    parser.set_defaults(act=partial(_run_verb, verb))
    return parser


def _run_verb(verb: Verb, options: argparse.Namespace) -> int:
    settings = read_settings()
    open_security_log(settings, process="operator")
    container = build_admin_container(settings)
    container.guard_database()
    print(verb(container, options))
    return OK


def _grant(container: HouseContainer, options: argparse.Namespace) -> str:
    change = UserChange(role=options.role)
    administration = container.administration
    user = administration.change(administration.find(options.who), change, by=operator())
    return f"user {user.id} is {user.role} from the next log-in or refresh on"


def _set_status(status: UserStatus, container: HouseContainer, options: argparse.Namespace) -> str:
    change = UserChange(status="active" if options.lift else status)
    administration = container.administration
    user = administration.change(administration.find(options.who), change, by=operator())
    ended = "" if options.lift else ", and all their sessions have ended"
    return f"user {user.id} is {user.status}{ended}"


def _limit(container: HouseContainer, options: argparse.Namespace) -> str:
    change = parse({"bid_limits": {options.currency: options.amount}}, UserChange)
    administration = container.administration
    user = administration.change(administration.find(options.who), change, by=operator())
    return f"user {user.id} may bid up to {options.amount} {options.currency} from the next bid on"


def _void(container: HouseContainer, options: argparse.Namespace) -> str:
    administration, by = container.administration, operator()
    admin_id, bidder_id = administration.find_admin(options.by), administration.find(options.who)
    void = parse({"bidder_id": bidder_id, "reason": options.reason}, AuctionVoid)
    container.producer.wait_connected(CONNECT_WAIT_S)
    result = container.auction_house.void(admin_id, options.auction, void, by=by)
    container.producer.close()
    if not result.is_decided:
        return f"the void of user {bidder_id} is in the log, and will be decided in its turn"
    shown = result.auction
    return f"auction {shown.id} is at {shown.price} {shown.currency} without user {bidder_id}"


def _erase(container: HouseContainer, options: argparse.Namespace) -> str:
    user_id = container.administration.find(options.who)
    passwords = container.make_passwords(lambda function, arguments: function(*arguments))
    erasure = container.make_erasure(passwords)
    erasure.erase(user_id, by=operator())
    return f"user {user_id} is erased, and all their sessions have ended"


def _after_restore(options: argparse.Namespace) -> int:
    settings = read_settings()
    open_security_log(settings, process="operator")
    after_restore.after_restore(settings, dry_run=options.dry_run)
    return OK


if __name__ == "__main__":
    sys.exit(main())
