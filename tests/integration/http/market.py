"""Users and what they own, created through the API."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.domain.time import rfc3339

PASSWORD = "a rather long one"


def in_s(seconds: float) -> str:
    """The moment so many seconds from now, as a client writes it."""
    return rfc3339(datetime.now(UTC) + timedelta(seconds=seconds))


class Person:
    """A signed-in user; `refresh_token` is that of the last log-in."""

    def __init__(self, market: "Market", account: dict[str, str]) -> None:
        self._market, self._account = market, account
        user = self._log_in()
        self.id: int = user["id"]
        self.email: str = user["email"]
        self.nickname: str = user["nickname"]

    @property
    def access_token(self) -> str:
        """A token with half of its life before it: a test may hold it for minutes."""
        if time.monotonic() > self._renewed_at:
            self._log_in()
        return self._access_token

    @property
    def headers(self) -> dict[str, str]:
        """The Authorization header of the caller."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def _log_in(self) -> Any:
        """Begin a session; the user as the answer has it."""
        answer = self._market.call(
            "POST", "/api/auth/login", body={**self._account, "delivery": "body"}
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        session = answer.get_json()
        self._access_token: str = session["access_token"]
        self.refresh_token: str = session["refresh_token"]
        self._renewed_at = time.monotonic() + session["expires_in"] / 2
        return session["user"]


class Market:
    """The API, seen by its callers; each method that makes something asserts that it was made."""

    def __init__(self, client: FlaskClient, engine: Engine) -> None:
        self.client = client
        self.engine = engine

    def call(
        self, method: str, path: str, who: Person | None = None, body: Any = None, **more: Any
    ) -> TestResponse:
        """One call, without cookies; `body` as JSON unless it is bytes."""
        headers = {**(who.headers if who else {}), **more.pop("headers", {})}
        if body is not None:
            more["data"] = body if isinstance(body, bytes) else json.dumps(body)
            more.setdefault("content_type", "application/json")
        self.client.delete_cookie("refresh_token", path="/api/auth")
        return self.client.open(path, method=method, headers=headers, **more)

    def made(self, path: str, who: Person, body: Any) -> Any:
        """What a POST that must succeed has made."""
        answer = self.call("POST", path, who, body)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return answer.get_json()

    def sign_up(self, nickname: str = "n") -> dict[str, str]:
        """A new account's e-mail and password."""
        account = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        answer = self.call("POST", "/api/auth/signup", body={**account, "nickname": nickname})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return account

    def log_in(self, account: dict[str, str]) -> Person:
        """A new session of an account."""
        return Person(self, account)

    def person(self, nickname: str = "n") -> Person:
        """A new user, signed in."""
        return self.log_in(self.sign_up(nickname))

    def product(self, seller: Person, **fields: Any) -> Any:
        """A new product, by default for sale by auction."""
        usual = {"name": "lot", "description": "d", "sale_type": "auction", "currency": "KRW"}
        return self.made("/api/products", seller, {**usual, **fields})

    def auction(self, seller: Person, *, name: str = "lot", **fields: Any) -> Any:
        """A new auction of a new product: by default from 1,000, open, for an hour."""
        product = self.product(seller, name=name)
        usual = {"product_id": product["id"], "starting_price": 1_000, "ends_at": in_s(3_600)}
        return self.made("/api/auctions", seller, {**usual, **fields})

    def settled(self, auction_id: int, **columns: Any) -> None:
        """Give an auction's decided columns the values that settling would have given them."""
        named = ", ".join(f"{name} = %({name})s" for name in columns)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE auctions SET {named} WHERE id = %(id)s",  # noqa: S608 - our own names
                {**columns, "id": auction_id},
            )

    def items(self, path: str, who: Person | None = None, **query: Any) -> list[Any]:
        """All items of a list, page by page."""
        found, cursor = [], None
        while True:
            page_query = {**query, **({"cursor": cursor} if cursor else {})}
            page = self.call("GET", path, who, query_string=page_query)
            assert page.status_code == 200, page.get_data(as_text=True)
            found += page.get_json()["items"]
            cursor = page.get_json()["next_cursor"]
            if cursor is None:
                return found


def code(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document."""
    assert answer.mimetype == "application/problem+json", answer.get_data(as_text=True)
    problem = answer.get_json()
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def faults(answer: TestResponse) -> set[str]:
    """The fields an `INVALID` answer names, without what is inside them."""
    assert code(answer) == (422, "INVALID")
    return {error["field"].split(".")[0].split("[")[0] for error in answer.get_json()["errors"]}
