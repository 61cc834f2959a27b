"""Rows that are deleted when they are old: notices, and dead letters that were replayed."""

from collections.abc import Sequence

from sqlalchemy import Engine

from app.adapters.postgres.queries import transaction
from app.services.housekeeping import OLD_NOTICES, REPLAYED_LETTERS, Removed

# Ids rise with time, so the oldest are found without an index on the time.
_NOTICES = """
DELETE FROM notices WHERE id IN (
  SELECT id FROM (SELECT id, at FROM notices ORDER BY id LIMIT %s) AS oldest
  WHERE at < now() - make_interval(days => %s))"""

# The replay has a place in the log, so that record is what counts from then on.
_LETTERS = """
WITH old AS (
  SELECT id FROM lanes.dead_letters AS letter
  WHERE topic = ANY(%(topics)s) AND created_at < now() - make_interval(days => %(days)s)
    AND (created_at < now() - make_interval(days => %(unreplayed_days)s) OR EXISTS (
      SELECT FROM lanes.replays WHERE dead_letter_id = letter.id AND "offset" IS NOT NULL))
  ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
forgotten AS (DELETE FROM lanes.replays WHERE dead_letter_id IN (SELECT id FROM old))
DELETE FROM lanes.dead_letters WHERE id IN (SELECT id FROM old)"""


class OldNotices:
    """Deletes notices of more than `days` days ago, read or not."""

    name = OLD_NOTICES

    def __init__(self, engine: Engine, *, days: int) -> None:
        self._engine, self._days = engine, days

    def remove(self, limit: int) -> Removed:
        """Delete those among the `limit` oldest."""
        with transaction(self._engine) as connection:
            rows = connection.exec_driver_sql(_NOTICES, (limit, self._days)).rowcount
        return Removed(rows, more=rows == limit)


class ReplayedDeadLetters:
    """Deletes dead letters older than `days` days that were replayed, and those older than
    `unreplayed_days` that were not: the records they would replay are as old as what is deleted
    elsewhere.

    Of `topics` only. Never of a topic that is kept for ever: there a dead letter is the result of
    its record, and the audit needs it (I2).
    """

    name = REPLAYED_LETTERS

    def __init__(
        self, engine: Engine, *, topics: Sequence[str], days: int, unreplayed_days: int
    ) -> None:
        self._engine, self._topics = engine, list(topics)
        self._days, self._unreplayed_days = days, unreplayed_days

    def remove(self, limit: int) -> Removed:
        """Delete at most `limit`, with what is written down of their replays."""
        parameters = {
            "topics": self._topics,
            "days": self._days,
            "unreplayed_days": max(self._days, self._unreplayed_days),
            "limit": limit,
        }
        with transaction(self._engine) as connection:
            rows = connection.exec_driver_sql(_LETTERS, parameters).rowcount
        return Removed(rows, more=rows == limit)
