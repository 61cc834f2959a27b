"""The auction house's HTTP API and WebSocket, by run-time packages alone: the smoke test of a
deployment has no others."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from simple_websocket import Client, ConnectionClosed

TIMEOUT_S = 10
SELLER, BIDDER = "seller@example.com", "bidder@example.com"
PASSWORD = "demo-password"


class RefusedError(RuntimeError):
    """The API's answer was an error; `code` is its stable code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


def call(
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    token: str = "",
    key: str = "",
) -> dict[str, Any]:
    """The answer of one call at BASE_URL. Raises RefusedError for an error answer."""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(  # noqa: S310 - our own address
        os.environ["BASE_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise RefusedError(problem["code"], problem.get("detail", "")) from error


def signed_in(email: str, nickname: str) -> str:
    """An access token of this person, who is signed up when new."""
    try:
        person = {"email": email, "password": PASSWORD, "nickname": nickname}
        call("POST", "/api/auth/signup", person)
    except RefusedError as refused:
        if refused.code != "EMAIL_TAKEN":
            raise
    log_in = {"email": email, "password": PASSWORD, "delivery": "body"}
    return str(call("POST", "/api/auth/login", log_in)["access_token"])


@contextmanager
def signed_in_socket(token: str) -> Iterator[Client]:
    """A socket that is closed at the end: its thread keeps this process alive otherwise."""
    socket = Client(os.environ["WS_URL"], headers={"Origin": os.environ["BASE_URL"]})
    try:
        socket.send(json.dumps({"id": 1, "type": "auth", "token": token}))
        yield socket
    finally:
        with suppress(ConnectionClosed):
            socket.close()
