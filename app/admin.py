"""`python -m app.admin EMAIL` makes somebody an admin, `python -m app.admin --revoke EMAIL` a user.

A log-in or refresh after that brings the new role; an access token that was issued before keeps the
old one until it expires, ten minutes at most.
"""

import argparse
import sys

from app.bootstrap import build_container
from app.domain.errors import DomainError, NotFoundError
from app.observability.security_log import (
    SecurityEvent,
    log_security,
    open_security_log,
    operator,
)
from app.services.accounts import Role
from app.settings import SettingsError, read_settings


def main() -> int:
    """Exit 2, with a line that says why, when nothing was changed."""
    parser = argparse.ArgumentParser(prog="python -m app.admin", description=__doc__)
    parser.add_argument("email")
    parser.add_argument("--revoke", action="store_true", help="take the role away")
    options = parser.parse_args()
    role: Role = "user" if options.revoke else "admin"
    try:
        settings = read_settings()
        open_security_log(settings, process="operator")
        users = build_container(settings, application="operator").users
        account = users.by_email(options.email)
        if account is None or not users.set_role(options.email, role):
            raise NotFoundError(f"nobody has the e-mail {options.email}")
        user_id = account.user.id
        log_security(SecurityEvent.ROLE_CHANGED, by=operator(), user_id=user_id, role=role)
    except (SettingsError, DomainError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{options.email} is {role} from the next log-in or refresh on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
