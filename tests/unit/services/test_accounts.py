"""A log-in during a call that ends all sessions of its user leaves no session."""

from dataclasses import dataclass, field, replace

import msgspec
import pytest

from app.domain.errors import UnauthenticatedError
from app.protocol.resources import User
from app.services.accounts import Account, Accounts, SignedIn
from app.services.sessions import Client
from app.settings import Limits

ACTIVE = User(7, "a@example.org", "A", "user", [], "active", email_proved=True, has_password=True)


@dataclass
class Stores:
    """The ports of an account that is read once and then is `after`; a token is a user's name."""

    after: Account | None
    opened: list[str] = field(default_factory=list)

    def by_id(self, user_id: int) -> Account | None:
        return self.after

    def open(self, session_id: str, user_id: int, *, token_hash: str, client: Client) -> None:
        self.opened.append(session_id)

    def end(self, session_id: str) -> None:
        self.opened.remove(session_id)

    def issue(self, user: User, session_id: str) -> str:
        return user.nickname


def accounts(stores: Stores) -> Accounts:
    return Accounts(
        stores, stores, passwords=stores, profiles=stores, access=stores,  # type: ignore[arg-type]
        backoff=stores, token_keys=["k"], limits=Limits(),  # type: ignore[arg-type]
    )  # fmt: skip


READ = Account(ACTIVE, "hash")


def begun(stores: Stores) -> SignedIn:
    return accounts(stores).begin_session(ACTIVE, Client(), password_hash="hash")


@pytest.mark.parametrize(
    "after",
    [
        None,
        replace(READ, password_hash="another"),
        replace(READ, user=msgspec.structs.replace(ACTIVE, status="banned")),
        replace(READ, user=msgspec.structs.replace(ACTIVE, status="suspended")),
        replace(READ, user=msgspec.structs.replace(ACTIVE, role="moderator")),
    ],
)
def test_a_session_of_an_account_that_changed_meanwhile_is_ended(after: Account | None) -> None:
    stores = Stores(after)
    with pytest.raises(UnauthenticatedError):
        begun(stores)
    assert stores.opened == []


def test_a_session_of_an_account_that_is_as_it_was_lives() -> None:
    stores = Stores(READ)
    assert begun(stores).tokens.access_token == "A"
    assert len(stores.opened) == 1
