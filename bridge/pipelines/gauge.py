"""Gauge: publishes the backlog of each topic, and stuck pipelines, to gateways once a second.

Any number of processes may run it: they publish the same. When none does, gateways accept
everything.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
from redis import Redis

from app.protocol.channels import BACKLOGS
from app.protocol.fanout import Backlog
from lanes.backlog import BacklogSource

PERIOD_S = 1.0


class Gauge:
    """The pipeline of one topic."""

    def __init__(
        self, source: BacklogSource, *, redis: Redis, stuck: Callable[[], Sequence[str]]
    ) -> None:
        """`stuck` names the pipelines of this process whose step does not end."""
        self.name = f"gauge:{source.topic.name}"
        self._source, self._redis, self._stuck = source, redis, stuck

    def open(self) -> None:
        """Do nothing: the source connects on first use."""

    def step(self) -> None:
        """Measure and publish."""
        found = self._source.read()
        backlog = Backlog(
            found.topic,
            found.fill,
            found.behind_s,
            published_at=time.time(),
            stuck=tuple(self._stuck()),
        )
        self._redis.publish(BACKLOGS, msgspec.json.encode(backlog))
        time.sleep(PERIOD_S)

    def close(self) -> None:
        """Close the source's connection."""
        self._source.close()
