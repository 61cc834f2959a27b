"""Parked lanes and partitions as operators see and free them: the port `ParkedStore`."""

from sqlalchemy import Connection

from lanes.parking import ParkedLane, ParkedPartition
from lanes.ports import Begin
from lanes.postgres.rows import read_row, rows
from lanes.postgres.statements import execute

_LANES = """
SELECT topic, key, reason, message, created_at AS since,
  (SELECT count(*) FROM lanes.inbox WHERE topic = parked.topic AND key = parked.key) AS waiting
FROM lanes.parked_lanes AS parked ORDER BY created_at, topic, key LIMIT %(limit)s"""

_PARTITIONS = """
SELECT consumer_group AS "group", topic, partition, reason, message, created_at AS since
FROM lanes.parked_partitions
ORDER BY created_at, consumer_group, topic, partition LIMIT %(limit)s"""

_BY_TOPIC = """
SELECT topic, count(*) FROM (
  SELECT topic FROM lanes.parked_lanes
  UNION ALL SELECT topic FROM lanes.parked_partitions) AS parked
GROUP BY topic"""

_UNPARK = "DELETE FROM lanes.parked_lanes WHERE topic = %s AND key = %s"
_AS_IF_NONE_HAD_FAILED = """
UPDATE lanes.inbox SET attempts = 0, first_failed_at = NULL
WHERE topic = %s AND key = %s AND attempts > 0"""
_AS_IF_NO_WORKER_HAD_DIED = "DELETE FROM lanes.claims WHERE topic = %s AND key = %s"

_UNPARK_PARTITION = """
DELETE FROM lanes.parked_partitions WHERE consumer_group = %s AND topic = %s AND partition = %s"""


class PostgresParkedStore:
    """The port `ParkedStore`."""

    def __init__(self, begin: Begin[Connection]) -> None:
        self._begin = begin

    def lanes(self, limit: int) -> list[ParkedLane]:
        """Return at most `limit` lanes, oldest first."""
        return [read_row(ParkedLane, row) for row in rows(self._begin, _LANES, {"limit": limit})]

    def partitions(self, limit: int) -> list[ParkedPartition]:
        """Return at most `limit` partitions, oldest first."""
        found = rows(self._begin, _PARTITIONS, {"limit": limit})
        return [read_row(ParkedPartition, row) for row in found]

    def unpark(self, topic: str, key: str) -> bool:
        """Unpark the lane; return False when it was not parked."""
        with self._begin() as connection:
            if execute(connection, _UNPARK, (topic, key)).rowcount == 0:
                return False
            execute(connection, _AS_IF_NONE_HAD_FAILED, (topic, key))
            execute(connection, _AS_IF_NO_WORKER_HAD_DIED, (topic, key))
            return True

    def unpark_partition(self, group: str, topic: str, partition: int) -> bool:
        """Unpark the partition; return False when it was not parked."""
        values = (group, topic, partition)
        with self._begin() as connection:
            unparked: int = execute(connection, _UNPARK_PARTITION, values).rowcount
        return unparked == 1


def parked_by_topic(connection: Connection) -> dict[str, int]:
    """Return how many lanes and partitions of each topic are parked; topics without any are left
    out."""
    return {str(topic): int(count) for topic, count in execute(connection, _BY_TOPIC)}
