"""The application on the servers named by the environment, with a database of its own."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app.bootstrap import build_container
from app.settings import read_settings
from app.web.app import create_app
from tests.integration.database import alembic, own_database


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """The runner's environment, with a database that exists for this session only."""
    with own_database("http") as environment:
        alembic(environment, "upgrade", "head")
        yield {**environment, "TRUST_LOOPBACK": "1"}


@pytest.fixture(scope="session")
def client(environment: dict[str, str]) -> FlaskClient:
    """A client of the whole application."""
    container = build_container(read_settings(environment), application="tests")
    return create_app(container).test_client()


@pytest.fixture(scope="session")
def bearer(client: FlaskClient) -> dict[str, str]:
    """The headers of somebody signed in."""
    body = {"email": "somebody@example.com", "password": "0123456789", "nickname": "S"}
    assert client.post("/api/auth/signup", json=body).status_code == 201
    login = {"email": body["email"], "password": body["password"], "delivery": "body"}
    token = client.post("/api/auth/login", json=login).get_json()["access_token"]
    return {"Authorization": f"Bearer {token}"}
