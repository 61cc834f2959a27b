"""The backlog in PostgreSQL: records to settle, and messages to send."""

from sqlalchemy import Connection, Engine

from lanes import metrics
from lanes.backlog import Backlog
from lanes.postgres.statements import execute
from lanes.settings import LaneLimits
from lanes.topic import Topic

# What waits in a parked lane waits for a person: it takes room, and says nothing of our pace.
WAITING = """
SELECT count(*), coalesce(extract(
  epoch FROM clock_timestamp() - min(log_time) FILTER (WHERE NOT is_parked)), 0)::float8
FROM (SELECT log_time, EXISTS (SELECT FROM lanes.parked_lanes AS p
                               WHERE p.topic = i.topic AND p.key = i.key) AS is_parked
      FROM lanes.inbox AS i WHERE topic = %s LIMIT %s) AS counted"""

UNSENT = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
FROM (SELECT created_at FROM lanes.outbox LIMIT %s) AS counted"""


# One step of the index for each lane, however many records wait in it.
WAITING_LANES = """
WITH RECURSIVE waiting (key, number) AS (
  (SELECT key, 1 FROM lanes.inbox WHERE topic = %(topic)s ORDER BY key LIMIT 1)
  UNION ALL
  SELECT (SELECT i.key FROM lanes.inbox AS i WHERE i.topic = %(topic)s AND i.key > waiting.key
          ORDER BY i.key LIMIT 1), number + 1
  FROM waiting WHERE key IS NOT NULL AND number < %(limit)s)
SELECT count(*) FROM waiting
WHERE key IS NOT NULL
  AND NOT EXISTS (SELECT FROM lanes.parked_lanes AS p
                  WHERE p.topic = %(topic)s AND p.key = waiting.key)"""
LANES_MAX = 1_000  # counted at most: above that the exact number does not matter


class LaneBacklog:
    """The backlog of a topic whose records are settled: the fuller of inbox and outbox.

    The outbox counts because settling fills it: while nothing is sent, ingest must pause.
    """

    def __init__(self, topic: Topic, *, engine: Engine, limits: LaneLimits) -> None:
        self.topic = topic
        self._engine, self._limits = engine, limits

    def read(self) -> Backlog:
        """Count, no further than just over the limits."""
        limits, name = self._limits, self.topic.name
        with self._engine.begin() as connection:
            waiting, waited_s = _counted(connection, WAITING, name, limits.inbox_backlog_max + 1)
            unsent, unsent_s = _counted(connection, UNSENT, limits.outbox_backlog_max + 1)
        metrics.BACKLOG.labels(name).set(waiting)
        metrics.BACKLOG_AGE.labels(name).set(waited_s)
        metrics.UNSENT.set(unsent)
        metrics.UNSENT_AGE.set(unsent_s)
        fill = max(waiting / limits.inbox_backlog_max, unsent / limits.outbox_backlog_max)
        return Backlog(topic=name, fill=fill, behind_s=max(waited_s, unsent_s))

    def close(self) -> None:
        """Do nothing: it holds no connection."""


def measure_waiting_lanes(engine: Engine, topic: Topic) -> None:
    """Set the gauge of the lanes with work. Raise the driver's error when PostgreSQL does not
    answer."""
    parameters = {"topic": topic.name, "limit": LANES_MAX}
    with engine.begin() as connection:
        lanes = execute(connection, WAITING_LANES, parameters).scalar_one()
    metrics.WAITING_LANES.labels(topic.name).set(lanes)


def _counted(connection: Connection, sql: str, *parameters: object) -> tuple[int, float]:
    count, age_s = execute(connection, sql, parameters).one()
    return count, max(0.0, age_s)
