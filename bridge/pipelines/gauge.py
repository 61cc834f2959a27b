"""Gauge: tells the gateways how far behind the work on a topic is, once a second, and operators
what keeps row versions in PostgreSQL.

Any number of processes may do it: they tell the same. When none does, gateways take everything.
"""

import time

import msgspec
from redis import Redis

from app.adapters.postgres.horizon import VacuumHorizon
from app.protocol.channels import BACKLOGS
from app.services.backlog import BacklogSource

PERIOD_S = 1.0


class Gauge:
    """The pipeline of one topic."""

    def __init__(self, source: BacklogSource, *, redis: Redis) -> None:
        self.name = f"gauge:{source.topic.name}"
        self._source, self._redis = source, redis

    def open(self) -> None:
        """Nothing: the source connects on first use."""

    def step(self) -> None:
        """Measure and tell."""
        self._redis.publish(BACKLOGS, msgspec.json.encode(self._source.read()))
        time.sleep(PERIOD_S)

    def close(self) -> None:
        """Let go of the source's connection."""
        self._source.close()


class HorizonGauge:
    """The pipeline of the database."""

    name = "gauge:postgresql"

    def __init__(self, horizon: VacuumHorizon) -> None:
        self._horizon = horizon

    def open(self) -> None:
        """Do nothing: the engine connects on first use."""

    def step(self) -> None:
        """Measure."""
        self._horizon.measure()
        time.sleep(PERIOD_S)

    def close(self) -> None:
        """Do nothing: connections go back to the engine's pool."""
