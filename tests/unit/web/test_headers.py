"""The security headers of every answer."""

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

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


def headers_at(base_url: str) -> Headers:
    """Return the headers of an answer at that address."""
    app = Flask(__name__)
    install_headers(app, read_settings({**ENVIRONMENT, "BASE_URL": base_url}))
    return app.test_client().get("/").headers


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
def test_csp_allows_connections_to_the_own_host_only(host: str, socket: str) -> None:
    assert policy_at(host)["connect-src"] == f"'self' {socket}"


def test_csp_allows_forms_to_the_own_host_only() -> None:
    assert policy_at("house.example")["form-action"] == "'self'"


def test_csp_allows_only_script_files_of_the_gateway() -> None:
    policy = policy_at("house.example")
    assert policy["default-src"] == "'self'"
    assert policy.keys().isdisjoint({"script-src", "script-src-elem", "script-src-attr"})
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"


def test_hsts_is_sent_behind_tls() -> None:
    behind_tls = headers_at("https://house.example")
    assert behind_tls["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in headers_at("http://127.0.0.1:8080")


def test_other_origins_cannot_frame_or_read_the_site() -> None:
    headers = headers_at("https://house.example")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert headers["Referrer-Policy"] == "same-origin"
