"""A URL that names two servers leads to the one that accepts writes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import Engine

from app.adapters.postgres.engine import make_engine
from app.settings import Limits
from lanes.postgres.engine import driver_url
from stack import Stack
from tests.dead_servers import closing_at_once, refusing, silent

BRIEFLY = Limits(connect_timeout_s=2)  # the least that libpq takes


@contextmanager
def engine_of(stack: Stack, first_port: int) -> Iterator[Engine]:
    real = driver_url(stack.environment()["DATABASE_URL"])
    both = {
        "host": f"127.0.0.1,{real.host}",
        "port": f"{first_port},{real.port}",
        "target_session_attrs": "read-write",
    }
    url = real.update_query_dict(both).render_as_string(hide_password=False)
    engine = make_engine(url, application="two-servers", limits=BRIEFLY)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("first", [closing_at_once, silent, refusing])
def test_the_second_server_is_found_when_the_first_is(
    first: Callable[[], AbstractContextManager[int]], stack: Stack
) -> None:
    with first() as port, engine_of(stack, port) as engine, engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"
