"""The metric of the oldest open transaction, on a database of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.adapters.postgres.horizon import VacuumHorizon
from app.observability import metrics
from lanes.pipelines.gauge import StoreGauge
from lanes.postgres.engine import driver_url
from tests.integration.database import own_database
from tests.waiting import wait_until


@pytest.fixture
def engine() -> Iterator[Engine]:
    with own_database("horizon") as environment:
        yield create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)


@pytest.fixture
def gauge(engine: Engine) -> StoreGauge:
    return StoreGauge("postgresql", [VacuumHorizon(engine).measure])


def measured(gauge: StoreGauge) -> float:
    """Return the metric after another step, in seconds."""
    gauge.step()
    return value_of(metrics.OLDEST_TRANSACTION.labels(metrics.SESSION))


def value_of(metric: Any) -> float:
    return float(metric._value.get())


def test_an_open_transaction_is_seen_and_ages_until_it_ends(
    engine: Engine, gauge: StoreGauge
) -> None:
    gauge.open()
    assert measured(gauge) == 0
    with engine.connect() as idle_transaction:
        idle_transaction.exec_driver_sql("SELECT 1")
        young = measured(gauge)
        assert young > 0
        with engine.connect() as younger:
            younger.exec_driver_sql("SELECT 1")
            wait_until(lambda: measured(gauge) > young + 1, what="it is older")
        age = measured(gauge)
        clock = "SELECT extract(epoch FROM clock_timestamp() - now())::float8"
        assert age <= idle_transaction.exec_driver_sql(clock).scalar_one()
    assert measured(gauge) == 0
    gauge.close()


def test_prepared_and_replicated_transactions_are_measured(gauge: StoreGauge) -> None:
    """This server prepares nothing and has no replica: the questions are answered, with 0."""
    gauge.step()
    assert value_of(metrics.OLDEST_TRANSACTION.labels(metrics.PREPARED)) == 0
    assert value_of(metrics.REPLICATION_HORIZON) == 0


def test_transactions_of_other_databases_are_not_ours(gauge: StoreGauge) -> None:
    with own_database("horizon_other") as environment:
        other = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
        with other.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            assert measured(gauge) == 0
