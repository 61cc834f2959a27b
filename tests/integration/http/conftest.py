"""The application on the servers named by the environment, with a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.adapters.mongo.messages import make_client
from app.settings import Limits, read_settings
from app.web.app import create_app
from tests.containers import Container, build_container
from tests.integration.database import alembic, own_database
from tests.integration.http.market import Market, Person
from tests.servers import own_stack


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """The runner's environment, with a database that exists for this session only."""
    own_stack().run_once("topics", "python", "-m", "bridge", "topics")
    with own_database("http") as environment:
        alembic(environment, "upgrade", "head")
        with own_messages(environment) as url:
            yield {**environment, "TRUST_LOOPBACK": "1", "MONGODB_URL": url}


@contextmanager
def own_messages(environment: dict[str, str]) -> Iterator[str]:
    """A MongoDB database of the session's own: the rooms of every database begin at 1."""
    name = environment["DATABASE_URL"].rpartition("/")[2]
    url = urlsplit(environment["MONGODB_URL"])._replace(path=f"/{name}").geturl()
    yield url
    with make_client(url, limits=Limits(), name="tests") as client:
        client.drop_database(name)


@pytest.fixture(scope="session")
def container(environment: dict[str, str]) -> Iterator[Container]:
    """The services of the application."""
    container = build_container(read_settings(environment), application="tests")
    yield container
    container.engine.dispose()
    container.guest_engine.dispose()


@pytest.fixture(scope="session")
def app(container: Container) -> Flask:
    """The whole application."""
    return create_app(container)


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    """A client of it."""
    return app.test_client()


@pytest.fixture(scope="session")
def market(client: FlaskClient, container: Container) -> Market:
    """The API, and functions that create users, products and auctions."""
    return Market(client, container.engine)


@pytest.fixture(scope="session")
def plain_user(market: Market) -> Person:
    """A signed-in user who owns nothing."""
    return market.person("plain_user")
