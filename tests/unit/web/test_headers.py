"""What every answer lets a browser do."""

import pytest
from flask import Flask

from app.settings import read_settings
from app.web.headers import install_headers

ENVIRONMENT = {
    "BASE_URL": "https://house.example",
    "ALLOWED_ORIGINS": "http://127.0.0.1:8080",
    "PROFILE": "local",
    "DATABASE_URL": "postgresql://x",
    "KAFKA_BOOTSTRAP_SERVERS": "x",
    "REDIS_BROKER_URL": "redis://x",
    "REDIS_FANOUT_URL": "redis://x",
    "REDIS_AUTH_URL": "redis://x",
    "MONGODB_URL": "mongodb://x",
    "SECRET_KEY": "s" * 32,
}


def policy_at(host: str) -> dict[str, str]:
    """The content security policy of an answer at `host`: sources by directive."""
    app = Flask(__name__)
    install_headers(app, read_settings(ENVIRONMENT))
    answer = app.test_client().get("/", headers={"Host": host})
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


@pytest.mark.parametrize(
    ("host", "socket"),
    [
        ("house.example", "wss://house.example"),
        ("127.0.0.1:8080", "ws://127.0.0.1:8080"),
        ("evil.example", "wss://house.example"),
    ],
)
def test_a_page_connects_to_its_own_host_only(host: str, socket: str) -> None:
    assert policy_at(host)["connect-src"] == f"'self' {socket}"


def test_a_form_goes_to_its_own_host_only() -> None:
    assert policy_at("house.example")["form-action"] == "'self'"
