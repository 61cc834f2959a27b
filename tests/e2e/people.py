"""Gateways and those who use them, over HTTP and sockets."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx

from stack.ports import HOST
from stack.websocket_client import Frame
from tests.e2e.client import Socket, connect
from tests.waiting import CALL_S

PASSWORD = "correct horse battery"


class Gateway:
    """One address at which the house is reached; `name` is its process's."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self.port = name, port
        self.base_url, self.ws_url = f"http://{HOST}:{port}", f"ws://{HOST}:{port}/ws"

    @cached_property
    def http(self) -> httpx.Client:
        """A client of it that keeps its connections and has no cookies of anyone."""
        return httpx.Client(base_url=self.base_url, timeout=CALL_S)

    def close_connections(self) -> None:
        """Close the connections that `http` keeps: the process would wait for them at its end."""
        self.http.close()
        del self.http

    def open(self, *, headers: Sequence[str] = (), source: str | None = None) -> Socket:
        """A socket that has not sent `auth` yet, from the gateway's own origin.

        `source` is the loopback address that it comes from, when that matters.
        """
        return Socket(connect(self.ws_url, origin=self.base_url, headers=headers, source=source))

    def enter(self, token: str | None = None) -> Socket:
        """A socket that has been welcomed: with this access token, or a guest's."""
        socket = self.open()
        welcome = socket.request("auth", **({} if token is None else {"token": token}))
        assert welcome["type"] == "welcome", welcome
        return socket

    def sign_up(self, nickname: str) -> "Person":
        """Create a new user, who is logged in."""
        email = f"{uuid4().hex}@example.org"
        body = {"email": email, "password": PASSWORD, "nickname": nickname}
        answer = self.http.post("/api/auth/signup", json=body)
        assert answer.status_code == 201, answer.text
        person = Person(self, answer.json()["user"]["id"], nickname, email)
        person.log_in()
        return person


@dataclass(slots=True)
class Person:
    """A user with an account; `refresh_token` is that of the last log-in."""

    gateway: Gateway
    id: int
    nickname: str
    email: str
    refresh_token: str = ""
    _token: str = ""
    _renewed_at: float = 0.0  # on the monotonic clock, when half of the token's life is over

    @property
    def token(self) -> str:
        """An access token with half of its life before it: a test may hold it for minutes."""
        if time.monotonic() > self._renewed_at:
            self.log_in()
        return self._token

    def log_in(self, at: Gateway | None = None) -> str:
        """Begin another session, at the own gateway or another; its access token."""
        body = {"email": self.email, "password": PASSWORD, "delivery": "body"}
        answer = (at or self.gateway).http.post("/api/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        session = answer.json()
        self._token, self.refresh_token = session["access_token"], session["refresh_token"]
        self._renewed_at = time.monotonic() + session["expires_in"] / 2
        return self._token

    def request(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Call as this user and return the response, of any status."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.gateway.http.request(method, path, json=body, headers=sent)

    def call(self, method: str, path: str, body: Any = None) -> Frame:
        """A call that must succeed; what it answers."""
        answer = self.request(method, path, body)
        assert answer.is_success, answer.text
        found: Frame = answer.json() if answer.content else {}
        return found

    def enter(self, at: Gateway | None = None) -> Socket:
        """A socket of this person, at the own gateway or another."""
        return (at or self.gateway).enter(self.token)
