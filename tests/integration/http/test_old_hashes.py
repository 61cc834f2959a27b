"""A hash that was made with other parameters is replaced at the next log-in with it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine

from app.domain.errors import BusyError
from app.web.hashing import HashQueue
from tests.integration.http.market import PASSWORD, Market, code

NOW = "$argon2id$v=19$m=19456,t=2,p=1$"


def account_of_before(market: Market) -> dict[str, str]:
    """A user whose hash has the library's default parameters, 64 MiB and four lanes."""
    account = market.sign_up()
    with market.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE users SET password_hash = %(hash)s WHERE email = %(email)s",
            {"hash": PasswordHasher().hash(PASSWORD), "email": account["email"]},
        )
    return account


def stored_hash(engine: Engine, account: dict[str, str]) -> str:
    """The hash of this account, as it is in the database."""
    with engine.connect() as connection:
        query = "SELECT password_hash FROM users WHERE email = %(email)s"
        return str(connection.exec_driver_sql(query, {"email": account["email"]}).scalar_one())


def test_only_a_successful_log_in_replaces_an_old_hash(market: Market) -> None:
    account = account_of_before(market)
    before = stored_hash(market.engine, account)
    wrong = market.call("POST", "/api/auth/login", body={**account, "password": "another password"})
    assert code(wrong) == (401, "BAD_CREDENTIALS")
    assert stored_hash(market.engine, account) == before
    market.log_in(account)
    replaced = stored_hash(market.engine, account)
    assert replaced.startswith(NOW)
    market.log_in(account)
    assert stored_hash(market.engine, account) == replaced


def test_concurrent_log_ins_with_an_old_hash_all_succeed(app: Flask, market: Market) -> None:
    account = account_of_before(market)

    def log_in(_: int) -> int:
        return app.test_client().post("/api/auth/login", json=account).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(log_in, range(4))) == [200] * 4
    assert stored_hash(market.engine, account).startswith(NOW)


def test_a_log_in_does_not_wait_for_the_new_hash(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_of_before(market)
    before, run = stored_hash(market.engine, account), HashQueue.__call__

    def only_checks(self: HashQueue, function: object, arguments: tuple[str, ...]) -> object:
        if len(arguments) == 1:  # a new hash; a check has two
            raise BusyError("too many passwords to check")
        return run(self, function, arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(HashQueue, "__call__", only_checks)
    market.log_in(account)
    assert stored_hash(market.engine, account) == before
