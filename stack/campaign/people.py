"""People with accounts, who reach the house by HTTP through its one door."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

TIMEOUT_S = 8.0  # more than the house's own limit on any answer
PASSWORD = "campaign-password"
RETRY_FIRST_S, RETRY_MAX_S = 0.5, 15.0  # wire.md, Reconnect


class AwayError(Exception):
    """Nobody answered, or not what was asked: to be tried again later."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where clients reach the house."""

    base_url: str
    ws_url: str


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
    """Somebody with an account. `id` and `token` are there after `sign_up`."""

    def __init__(self, door: Door, nickname: str) -> None:
        self.door, self.nickname = door, nickname
        self.id, self.token = 0, ""
        self.email = f"{uuid4().hex}@example.org"
        self._http = httpx.Client(base_url=door.base_url, timeout=TIMEOUT_S)

    def sign_up(self) -> None:
        """Make the account and log in. Raises AwayError."""
        body = {"email": self.email, "password": PASSWORD, "nickname": self.nickname}
        answer = self.request("POST", "/api/auth/signup", body)
        self.id = int(_wanted(answer, 201)["user"]["id"])
        self.log_in()

    def log_in(self) -> None:
        """Begin another session. Raises AwayError, also when it is refused."""
        body = {"email": self.email, "password": PASSWORD, "delivery": "body"}
        answer = self.request("POST", "/api/auth/login", body)
        self.token = str(_wanted(answer, 200)["access_token"])

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:  # noqa: ANN401
        """What a call answers that must succeed; logs in again first if need be. AwayError."""
        answer = self.request(method, path, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self.log_in()
            answer = self.request(method, path, body)
        return _wanted(answer, 200, 201)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Any call as this person, whatever its answer. Raises AwayError when there is none."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            return self._http.request(method, path, json=body, headers={**sent, **(headers or {})})
        except httpx.HTTPError as error:
            raise AwayError(f"{method} {path}: {error!r}") from error

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()


def _wanted(answer: httpx.Response, *codes: int) -> dict[str, Any]:
    if answer.status_code not in codes:
        raise AwayError(f"{answer.request.url}: {answer.status_code} {answer.text[:200]}")
    found: dict[str, Any] = answer.json()
    return found
