"""The connections to the database and their states."""

from sqlalchemy import Engine

from app.observability import metrics
from app.observability.metrics import APPLICATIONS, CONNECTION_STATES, OTHER

_CONNECTED = """
SELECT application_name, state, count(*) FROM pg_stat_activity
WHERE datname = current_database() GROUP BY application_name, state"""

_ALLOWED = "SELECT current_setting('max_connections')::int"


def measure_connections(engine: Engine) -> None:
    """Set the gauges. Raise the driver's error when PostgreSQL does not answer."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(_CONNECTED).all()
        metrics.CONNECTIONS_MAX.set(connection.exec_driver_sql(_ALLOWED).scalar_one())
    counts = {(name, state): 0 for name in APPLICATIONS for state in CONNECTION_STATES}
    for application, state, number in rows:
        name = application if application in APPLICATIONS else OTHER
        counts[name, state if state in CONNECTION_STATES else OTHER] += number
    for (name, state), number in counts.items():
        metrics.CONNECTIONS.labels(name, state).set(number)
