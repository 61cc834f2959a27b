"""The application on the servers named by the environment, with a database of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine

from app.adapters.postgres.engine import driver_url
from app.bootstrap import build_container
from app.settings import read_settings
from app.web.app import create_app


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """The runner's environment, with a database that exists for this session only."""
    name = f"http_{uuid4().hex}"
    given = driver_url(os.environ["DATABASE_URL"])
    # No pool: other tests kill the server between creating and dropping.
    admin = create_engine(given, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = given.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE_URL": url, "TRUST_LOOPBACK": "1"}
    alembic = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(alembic, env=environment, check=True)
    yield environment
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


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
