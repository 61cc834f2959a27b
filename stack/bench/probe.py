"""Watches the database during a storm: how old the oldest unsettled bid is, who is connected."""

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg2
from psycopg2.extensions import connection

INTERVAL_S = 0.5

# From the moment the broker had the record; what a settle in progress holds is still waiting.
OLDEST_WAITING = """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(inbox.log_time)), 0)::float8
    FROM inbox_waiting JOIN lanes.inbox USING (topic, partition, "offset")
"""
# Our own connection is not the system's. Background processes have no user or no database.
CONNECTIONS = """
    SELECT coalesce(nullif(application_name, ''), datname) AS client, count(*)
    FROM pg_stat_activity
    WHERE usename IS NOT NULL AND datname IS NOT NULL AND pid <> pg_backend_pid()
    GROUP BY client
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """The highest of all samples; `connections` by client, at the sample with most in all."""

    oldest_waiting_s: float
    ages: tuple[tuple[float, float], ...]  # when (time.monotonic), and how old the oldest was
    connections: dict[str, int]


class Probe:
    """Samples twice a second between entering and leaving; read `findings` afterwards."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
        self._ages: list[tuple[float, float]] = []
        self._connections: list[dict[str, int]] = []
        self._fault: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def findings(self) -> Findings:
        """What was found. Raises what stopped the sampling, if anything did."""
        if self._fault:
            raise self._fault
        return Findings(
            oldest_waiting_s=max(age for _, age in self._ages),
            ages=tuple(self._ages),
            connections=max(self._connections, key=lambda counts: sum(counts.values())),
        )

    def _run(self) -> None:
        try:
            database = psycopg2.connect(self._database_url)
        except psycopg2.Error as fault:
            self._fault = fault
            return
        try:
            database.autocommit = True
            self._sample(database)
            while not self._stop.wait(INTERVAL_S):
                self._sample(database)
        except psycopg2.Error as fault:
            self._fault = fault
        finally:
            database.close()

    def _sample(self, database: connection) -> None:
        with database.cursor() as cursor:
            cursor.execute(OLDEST_WAITING)
            row = cursor.fetchone()
            self._ages.append((time.monotonic(), row[0] if row else 0.0))
            cursor.execute(CONNECTIONS)
            self._connections.append(dict(cursor.fetchall()))
