"""A database after its restore, and the start of its new epoch."""

import msgspec
from sqlalchemy import Connection, Engine

from app.adapters.postgres.queries import rows, transaction
from app.services.epochs import LostIds
from app.services.restoring import ExistingIds, Plan

# The check of a refused process takes less: such processes connect again and again.
CHECK_S = 5
TIMEOUT_MS = 60_000

_OTHER_CONNECTIONS = """
SELECT DISTINCT application_name || ' (pid ' || pid || ')' FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^(gateway|bridge|worker)'
  AND backend_start < now() - make_interval(secs => %(look_s)s) ORDER BY 1"""

_PROGRESS = "SELECT partition, next_offset FROM lanes.ingest_progress WHERE topic = %(topic)s"

_SEQUENCES = """
SELECT sequencename, coalesce(last_value, 0) AS last FROM pg_sequences
WHERE schemaname IN (current_schema(), 'lanes') AND sequencename ~ '_id_seq$'"""

_SEQUENCE_SUFFIX = "_id_seq"

_SET = """
SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %s) FROM pg_sequences
WHERE schemaname IN (current_schema(), 'lanes') AND sequencename = %s"""

_RAISE = "UPDATE auctions SET version = %s WHERE id = %s AND version < %s"

# Never a name that an earlier database used.
_BEGIN = """
INSERT INTO epochs (name, gone, published) VALUES (gen_random_uuid()::text, %s, %s)
RETURNING name"""


class PostgresRestored:
    """Reads statement by statement: no other process writes before the new epoch."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def other_connections(self) -> list[str]:
        """Return our other processes that are connected for longer than a check takes."""
        return [row[0] for row in rows(self._engine, _OTHER_CONNECTIONS, {"look_s": CHECK_S})]

    def existing(self) -> ExistingIds:
        """Return the ids in the database."""
        with transaction(self._engine) as connection:
            _lift_timeout(connection)
            return ExistingIds(
                users={row[0] for row in connection.exec_driver_sql("SELECT id FROM users")},
                auctions={
                    row[0]: row[1]
                    for row in connection.exec_driver_sql("SELECT id, version FROM auctions")
                },
                rooms={row[0] for row in connection.exec_driver_sql("SELECT id FROM rooms")},
            )

    def progress(self, topic: str) -> dict[int, int]:
        """Return by partition the next offset to ingest."""
        found = rows(self._engine, _PROGRESS, {"topic": topic})
        return {row.partition: row.next_offset for row in found}

    def sequences(self) -> dict[str, int]:
        """Return by table the last value of its sequence of ids; 0 before the first."""
        found = rows(self._engine, _SEQUENCES, {})
        return {row.sequencename.removesuffix(_SEQUENCE_SUFFIX): row.last for row in found}

    def begin_epoch(self, plan: Plan) -> str:
        """Carry out the plan in one transaction; return the name of the new epoch.

        Versions continue after those published, because clients drop older ones.
        """
        with transaction(self._engine) as connection:
            _lift_timeout(connection)
            for table, last in plan.sequences.items():
                connection.exec_driver_sql(_SET, (last, table + _SEQUENCE_SUFFIX))
            for auction_id, version in plan.lost.versions.items():
                connection.exec_driver_sql(_RAISE, (version, auction_id, version))
            values = (_json(_lists(plan.lost_ids)), _json(dict(plan.published)))
            return str(connection.exec_driver_sql(_BEGIN, values).scalar_one())


def _lift_timeout(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {TIMEOUT_MS}")


def _lists(lost_ids: LostIds) -> dict[str, list[tuple[int, int]]]:
    return {kind: list(ranges) for kind, ranges in lost_ids.ranges.items()}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
