"""`python -m app.admin EMAIL` makes somebody an admin, `python -m app.admin --revoke EMAIL` a user.

A log-in or refresh after that brings the new role; an access token that was issued before keeps the
old one until it expires, ten minutes at most.
"""

import argparse
import sys

from app.bootstrap import build_container
from app.domain.errors import DomainError, NotFoundError
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
        users = build_container(read_settings(), application="operator").users
        if not users.set_role(options.email, role):
            raise NotFoundError(f"nobody has the e-mail {options.email}")
    except (SettingsError, DomainError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{options.email} is {role} from the next log-in or refresh on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
