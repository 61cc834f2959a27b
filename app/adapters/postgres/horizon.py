"""What prevents the cleanup of old row versions: each settle leaves some, and none younger than the
oldest open transaction can be removed."""

from sqlalchemy import Engine

from app.observability import metrics
from app.observability.metrics import PREPARED, SESSION

# Sessions of other roles show no time unless our role is a member of pg_read_all_stats.
_SESSIONS = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"""

_PREPARED = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - prepared)), 0)::float8
FROM pg_prepared_xacts WHERE database = current_database()"""

_REPLICATION = """
SELECT coalesce(max(age), 0) FROM (
  SELECT greatest(age(xmin), age(catalog_xmin)) AS age FROM pg_replication_slots
  UNION ALL SELECT age(backend_xmin) FROM pg_stat_replication) AS kept"""


class VacuumHorizon:
    """The oldest transaction of the database, and of its replicas."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def measure(self) -> None:
        """Set the gauges. Raise the driver's error when PostgreSQL does not answer."""
        with self._engine.connect() as connection:
            session_s = connection.exec_driver_sql(_SESSIONS).scalar_one()
            prepared_s = connection.exec_driver_sql(_PREPARED).scalar_one()
            replication = connection.exec_driver_sql(_REPLICATION).scalar_one()
        metrics.OLDEST_TRANSACTION.labels(SESSION).set(session_s)
        metrics.OLDEST_TRANSACTION.labels(PREPARED).set(prepared_s)
        metrics.REPLICATION_HORIZON.set(replication)
