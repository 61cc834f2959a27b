"""Commands of operators on accounts and the database.

`python -m app.admin EMAIL` makes somebody an admin, `python -m app.admin --revoke EMAIL` a user. A
log-in or refresh after that brings the new role; an access token that was issued before keeps the
old one until it expires, ten minutes at most.

`python -m app.admin after-restore` opens the house after its database was restored.
"""

import argparse
import logging
import sys

from app import after_restore
from app.bootstrap import build_container
from app.domain.errors import DomainError, NotFoundError
from app.observability.logging import configure_logging
from app.observability.security_log import (
    SecurityEvent,
    log_security,
    open_security_log,
    operator,
)
from app.protocol.types import Role
from app.settings import SettingsError, read_settings

AFTER_RESTORE = "after-restore"


def main() -> int:
    """Exit 2, with a line that says why, when nothing was changed."""
    parser = _restore_parser() if sys.argv[1:2] == [AFTER_RESTORE] else _role_parser()
    options = parser.parse_args()
    configure_logging("CRITICAL", process="operator")
    logging.disable()  # what is wrong is said by one line
    try:
        options.act(options)
    except (SettingsError, DomainError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


def _role_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.admin", description=__doc__)
    parser.add_argument("email")
    parser.add_argument("--revoke", action="store_true", help="take the role away")
    parser.set_defaults(act=_set_role)
    return parser


def _restore_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app.admin", description=after_restore.__doc__, allow_abbrev=False
    )
    parser.add_argument("command", choices=[AFTER_RESTORE])
    parser.add_argument("--dry-run", action="store_true", help="list what would be done")
    parser.set_defaults(act=_after_restore)
    return parser


def _set_role(options: argparse.Namespace) -> None:
    role: Role = "user" if options.revoke else "admin"
    settings = read_settings()
    open_security_log(settings, process="operator")
    container = build_container(settings, application="operator")
    container.guard_database()
    users = container.users
    account = users.by_email(options.email)
    if account is None or not users.set_role(options.email, role):
        raise NotFoundError(f"nobody has the e-mail {options.email}")
    user_id = account.user.id
    log_security(SecurityEvent.ROLE_CHANGED, by=operator(), user_id=user_id, role=role)
    print(f"{options.email} is {role} from the next log-in or refresh on")


def _after_restore(options: argparse.Namespace) -> None:
    settings = read_settings()
    open_security_log(settings, process="operator")
    after_restore.after_restore(settings, dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
