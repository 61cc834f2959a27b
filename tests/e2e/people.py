"""Gateways and their users, over HTTP and sockets."""

from collections.abc import Sequence

from stack.client import PASSWORD, Endpoint, User
from stack.ports import HOST
from tests.e2e.client import Socket, connect
from tests.waiting import CALL_S

__all__ = ["PASSWORD", "Gateway", "Person"]


class Gateway(Endpoint):
    """The address of a gateway; `name` is its process's."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(f"http://{HOST}:{port}", f"ws://{HOST}:{port}/ws", timeout_s=CALL_S)
        self.name, self.port = name, port

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
        return Person(self, nickname).sign_up()


class Person(User):
    """A user with an account."""

    def __init__(self, gateway: Gateway, nickname: str, *, email: str = "") -> None:
        super().__init__(gateway, nickname, email=email)
        self.gateway = gateway

    def enter(self, at: Gateway | None = None) -> Socket:
        """A socket of this person, at the own gateway or another."""
        return (at or self.gateway).enter(self.token)
