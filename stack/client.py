"""The house's client in Python, over HTTP and WebSocket: of tests, demo, campaign and drill."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Self
from uuid import uuid4

import httpx

from stack import websocket_client
from stack.websocket_client import Frame

TIMEOUT_S = 8.0  # more than the gateway's own limit for any answer
PASSWORD = "correct horse battery"
STARTING_PRICE = 1_000
# The answer over HTTP to a bid, in the form of the frames `bid.received` and `bid.result`.
RECEIPT = ("bid_id", "key", "auction_id", "amount", "kind", "partition", "offset", "log_time")
OUTCOME = (
    "bid_id", "key", "auction_id", "status", "standing", "code", "seq", "alias", "price",
    "minimum_next_bid", "ends_at", "decided_at",
)  # fmt: skip
DECIDED = ("accepted", "rejected", "failed")


class CallError(Exception):
    """There was no answer, or not the one that was expected; it may be tried again later."""


class RefusedError(CallError):
    """The answer was a refusal; `code` as in wire.md, or the status where it has none."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            self.code = str(answer.json()["code"])
        except (ValueError, KeyError, TypeError):
            self.code = str(answer.status_code)
        super().__init__(f"{answer.request.url}: {answer.status_code} {answer.text[:200]}")


class Endpoint:
    """Where a house is reached, and how patiently: what all of its users have in common."""

    def __init__(self, base_url: str, ws_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.base_url, self.ws_url, self.timeout_s = base_url, ws_url, timeout_s

    @classmethod
    def of(cls, addresses: Mapping[str, str]) -> Self:
        """The one that `make env` prints, or the environment names."""
        return cls(addresses["BASE_URL"], addresses["WS_URL"])

    @classmethod
    def at(cls, host: str, port: int) -> Self:
        """A gateway without TLS."""
        return cls(f"http://{host}:{port}", f"ws://{host}:{port}/ws")

    @cached_property
    def http(self) -> httpx.Client:
        """A client that keeps its connections, and has no cookies of anyone."""
        return httpx.Client(base_url=self.base_url, timeout=self.timeout_s)

    def close_connections(self) -> None:
        """Close the connections that `http` keeps: the process would wait for them at its end."""
        self.http.close()
        del self.http

    def connect(self) -> websocket_client.Client:
        """Open a WebSocket, as the gateway's own page does. Raise ConnectionLostError."""
        return websocket_client.Client.open(
            self.ws_url, origin=self.base_url, timeout_s=self.timeout_s
        )

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the response, of any status. Raise CallError when there is none."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self.http.request(method, path, json=body, headers={**sent, **(headers or {})})
        except httpx.HTTPError as error:
            raise CallError(f"{method} {path}: {error!r}") from error

    def call(self, method: str, path: str, body: Any = None) -> Frame:  # noqa: ANN401
        """Return what a guest's call answers. Raise CallError."""
        return result_of(self.request(method, path, body))

    def sign_up(self, nickname: str) -> "User":
        """Return a new user, who is logged in. Raise CallError."""
        return User(self, nickname).sign_up()


class User:
    """A user with an account; `refresh_token` is that of the last log-in.

    `id` is 0 until `sign_up`, or where the account was there before. Methods raise CallError.
    """

    def __init__(
        self, endpoint: Endpoint, nickname: str, *, email: str = "", password: str = PASSWORD
    ) -> None:
        self.endpoint, self.nickname, self.password = endpoint, nickname, password
        self.email = email or f"{uuid4().hex}@example.org"
        self.id, self.refresh_token = 0, ""
        self._token, self._renewed_at = "", 0.0

    def sign_up(self) -> Self:
        """Create the account, and log in."""
        body = {"email": self.email, "password": self.password, "nickname": self.nickname}
        self.id = int(self.endpoint.call("POST", "/api/auth/signup", body)["user"]["id"])
        self.log_in()
        return self

    def log_in(self, at: Endpoint | None = None) -> str:
        """Begin another session, at the own endpoint or another; its access token."""
        body = {"email": self.email, "password": self.password, "delivery": "body"}
        session = (at or self.endpoint).call("POST", "/api/auth/login", body)
        self._token, self.refresh_token = session["access_token"], session["refresh_token"]
        self._renewed_at = time.monotonic() + session["expires_in"] / 2
        return self._token

    def forget_session(self) -> None:
        """Log in before the next call: the session has ended."""
        self._token = ""

    @property
    def token(self) -> str:
        """An access token with half of its life before it: it may be held for minutes."""
        if not self._token or time.monotonic() > self._renewed_at:
            self.log_in()
        return self._token

    def connect(self) -> websocket_client.Client:
        """Open a WebSocket and send `auth`; its answer is the first frame. ConnectionLostError."""
        token, client = self.token, self.endpoint.connect()
        client.send({"type": "auth", "token": token})
        return client

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
        *,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the response to this user, of any status."""
        return self.endpoint.request(method, path, body, token=self.token, headers=headers)

    def call(self, method: str, path: str, body: Any = None) -> Frame:  # noqa: ANN401
        """Return what a call answers; log in again when the session has ended."""
        answer = self.request(method, path, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self.forget_session()
            answer = self.request(method, path, body)
        return result_of(answer)

    def open_auction(
        self,
        *,
        lasts_s: float = 3_600,
        name: str = "유리병",
        description: str = "",
        **terms: object,
    ) -> Frame:
        """Open an auction of a new product: from 1,000 won, unless the terms say otherwise."""
        product = {"name": name, "description": description, "sale_type": "auction"}
        auction = {
            "product_id": self.call("POST", "/api/products", product)["id"],
            "starting_price": STARTING_PRICE,
            "ends_at": in_seconds(lasts_s),
            **terms,
        }
        return self.call("POST", "/api/auctions", auction)

    def post_bid(
        self,
        auction_id: int,
        *,
        key: str,
        wait_s: int = 0,
        at: Endpoint | None = None,
        **offer: object,
    ) -> httpx.Response:
        """Place a bid by a request to `at`, which waits so long for the outcome."""
        prefer = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        path, headers = f"/api/auctions/{auction_id}/bids", {"Idempotency-Key": key, **prefer}
        body, endpoint = {"confirm": True, **offer}, at or self.endpoint
        return endpoint.request("POST", path, body, token=self.token, headers=headers)


def result_of(answer: httpx.Response) -> Frame:
    """Return what a call answered, empty when it is nothing. Raise RefusedError for a refusal."""
    if not answer.is_success:
        raise RefusedError(answer)
    found: Frame = answer.json() if answer.content else {}
    return found


def in_seconds(seconds: float) -> str:
    """The time so long from now, as the API takes it."""
    then = datetime.now(UTC) + timedelta(seconds=seconds)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
