"""Further applications: with other limits, or with a missing server."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient

from app.settings import read_settings
from app.web.app import create_app
from tests.containers import build_container


@contextmanager
def application(environment: dict[str, str], **changes: str) -> Iterator[FlaskClient]:
    """A client of an application with `changes` to its environment."""
    container = build_container(read_settings({**environment, **changes}), application="tests")
    yield create_app(container).test_client()
    container.engine.dispose()
    container.guest_engine.dispose()
    if "producer" in vars(container):
        container.producer.close()


@contextmanager
def refused_address() -> Iterator[str]:
    """A loopback address that refuses connections as long as this lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
