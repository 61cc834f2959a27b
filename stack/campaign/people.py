"""Users with accounts, who call the HTTP API at one endpoint."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from stack.websocket_client import Client

TIMEOUT_S = 8.0  # more than the gateway's own limit for any answer
PASSWORD = "campaign-password"
RETRY_FIRST_S, RETRY_MAX_S = 0.5, 15.0  # wire.md, Reconnect


class UnavailableError(Exception):
    """There was no answer, or not the one that was expected; it may be tried again later."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The URLs of the gateway."""

    base_url: str
    ws_url: str

    def connect(self) -> Client:
        """Open a WebSocket, as the gateway's own page does. Raise ConnectionLostError."""
        return Client.open(self.ws_url, origin=self.base_url)


class Backoff:
    """Pauses with full jitter, from half a second doubling to fifteen."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bound_s = RETRY_FIRST_S

    def next_s(self) -> float:
        """How long to wait before the next try."""
        pause_s = self._rng.uniform(0, self._bound_s)
        self._bound_s = min(2 * self._bound_s, RETRY_MAX_S)
        return pause_s

    def reset(self) -> None:
        """The last try succeeded."""
        self._bound_s = RETRY_FIRST_S


class Person:
    """A user with an account. `id` and `token` are set by `sign_up`."""

    def __init__(self, endpoint: Endpoint, nickname: str) -> None:
        self.endpoint, self.nickname = endpoint, nickname
        self.id, self.token = 0, ""
        self.email = f"{uuid4().hex}@example.org"
        self._http = httpx.Client(base_url=endpoint.base_url, timeout=TIMEOUT_S)

    def sign_up(self) -> None:
        """Create the account and log in. Raise UnavailableError."""
        body = {"email": self.email, "password": PASSWORD, "nickname": self.nickname}
        answer = self.request("POST", "/api/auth/signup", body)
        self.id = int(_body_of(answer, 201)["user"]["id"])
        self.log_in()

    def log_in(self) -> None:
        """Start another session. Raise UnavailableError, also when it is refused."""
        body = {"email": self.email, "password": PASSWORD, "delivery": "body"}
        answer = self.request("POST", "/api/auth/login", body)
        self.token = str(_body_of(answer, 200)["access_token"])

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:  # noqa: ANN401
        """Return the body of a call that must succeed; log in again if needed. UnavailableError."""
        answer = self.request(method, path, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self.log_in()
            answer = self.request(method, path, body)
        return _body_of(answer, 200, 201)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the response, of any status. Raise UnavailableError when there is none."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            return self._http.request(method, path, json=body, headers={**sent, **(headers or {})})
        except httpx.HTTPError as error:
            raise UnavailableError(f"{method} {path}: {error!r}") from error

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


def _body_of(answer: httpx.Response, *codes: int) -> dict[str, Any]:
    if answer.status_code not in codes:
        raise UnavailableError(f"{answer.request.url}: {answer.status_code} {answer.text[:200]}")
    found: dict[str, Any] = answer.json()
    return found
