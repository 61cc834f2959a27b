"""The archive: where the bids and decisions of auctions are that ended long ago.

Their rows are moved from `bids` and `decisions` in small transactions, each row in one statement
that deletes it here and inserts it there, so every snapshot sees it once. Who reads both tables one
after the other reads the archive last: rows go one way.

The archive is partitioned by auction id, so that its keys are unique over all of it and a look at
one auction touches one partition. Ids rise with time: old partitions are written no more, and can
be kept on another disk (docs/growth.md).
"""

import re
from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from app.adapters.postgres.queries import transaction
from app.services.housekeeping import ARCHIVED_BIDS, Removed

AUCTIONS_PER_PARTITION = 100_000  # 10 GB or so, at 200 bids an auction
AUCTIONS_AT_ONCE = 100  # whose rows are locked: a settle of one of them waits for the move
TABLES = ("bids_archive", "decisions_archive")

_PARTITION_NAME = re.compile(rf"({'|'.join(TABLES)})_\d+")

_OLD_AUCTIONS = """
SELECT id FROM auctions
WHERE closed_at < now() - make_interval(days => %s) AND archived_at IS NULL
ORDER BY closed_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"""

_BID_COLUMNS = """bid_id, auction_id, bidder_id, key, amount, kind, confirm, status, code, seq,
  automatic, partition, "offset", log_time, standing, alias, public_amount, price,
  minimum_next_bid, ends_at, decided_at, chain"""

# A bidder's highest bid is kept beside the alias, so that lists need not read the archive.
_MOVE_BIDS = f"""
WITH moved AS (
  DELETE FROM bids WHERE bid_id = ANY(ARRAY(
    SELECT bid_id FROM bids WHERE auction_id = ANY(%(ids)s) AND status <> 'failed'
    LIMIT %(limit)s))
  RETURNING {_BID_COLUMNS}),
stored AS (INSERT INTO bids_archive ({_BID_COLUMNS}) SELECT {_BID_COLUMNS} FROM moved),
highest AS (
  SELECT auction_id, bidder_id, max(amount) AS amount FROM moved
  WHERE status = 'accepted' AND NOT automatic GROUP BY auction_id, bidder_id),
noted AS (
  UPDATE auction_bidders AS b SET archived_maximum = greatest(archived_maximum, highest.amount)
  FROM highest WHERE b.auction_id = highest.auction_id AND b.bidder_id = highest.bidder_id)
SELECT count(*) FROM moved"""  # noqa: S608 - of our own constants

_DECISION_COLUMNS = """topic, partition, "offset", auction_id, type, effect, code, bid_id, log_time,
  decided_at, detail, chain"""

_MOVE_DECISIONS = f"""
WITH moved AS (
  DELETE FROM decisions WHERE (topic, partition, "offset") IN (
    SELECT topic, partition, "offset" FROM decisions WHERE auction_id = ANY(%(ids)s)
    LIMIT %(limit)s)
  RETURNING {_DECISION_COLUMNS}),
stored AS (
  INSERT INTO decisions_archive ({_DECISION_COLUMNS}) SELECT {_DECISION_COLUMNS} FROM moved)
SELECT count(*) FROM moved"""  # noqa: S608 - of our own constants

_ARCHIVED = "UPDATE auctions SET archived_at = now() WHERE id = ANY(%s)"

_IS_THERE = "SELECT to_regclass(%s) IS NOT NULL"

# Created apart and then attached, so that readers of the archive do not wait.
_MAKE_PARTITION = (
    "CREATE TABLE {name} (LIKE {table} INCLUDING ALL)",
    "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({following})",
)


class PostgresArchive:
    """Moves what was decided about auctions that ended more than `days` days ago."""

    name = ARCHIVED_BIDS

    def __init__(self, engine: Engine, *, days: int) -> None:
        self._engine, self._days = engine, days

    def remove(self, limit: int) -> Removed:
        """Move at most `limit` bids and as many decisions. Raises BusyError."""
        with transaction(self._engine) as connection:
            old = connection.exec_driver_sql(_OLD_AUCTIONS, (self._days, AUCTIONS_AT_ONCE))
            ids = [row[0] for row in old]
            if not ids:
                return Removed(0, more=False)
            _make_partitions(connection, ids)
            parameters = {"ids": ids, "limit": limit}
            bids: int = connection.exec_driver_sql(_MOVE_BIDS, parameters).scalar_one()
            decisions: int = connection.exec_driver_sql(_MOVE_DECISIONS, parameters).scalar_one()
            is_whole = max(bids, decisions) < limit
            if is_whole:
                connection.exec_driver_sql(_ARCHIVED, (ids,))
            return Removed(bids + decisions, more=not is_whole or len(ids) == AUCTIONS_AT_ONCE)


def is_partition(name: str) -> bool:
    """Whether a table of this name is a partition of the archive."""
    return _PARTITION_NAME.fullmatch(name) is not None


def _make_partitions(connection: Connection, auction_ids: Sequence[int]) -> None:
    for number in sorted({auction_id // AUCTIONS_PER_PARTITION for auction_id in auction_ids}):
        for table in TABLES:
            name = f"{table}_{number}"
            if connection.exec_driver_sql(_IS_THERE, (name,)).scalar_one():
                continue
            first = number * AUCTIONS_PER_PARTITION
            for statement in _MAKE_PARTITION:
                connection.exec_driver_sql(
                    statement.format(
                        name=name,
                        table=table,
                        first=first,
                        following=first + AUCTIONS_PER_PARTITION,
                    )
                )
