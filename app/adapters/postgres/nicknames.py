"""Nicknames of users by their ids."""

from collections.abc import Sequence

from sqlalchemy import Engine

from app.adapters.postgres.queries import rows

_NICKNAMES = "SELECT id, nickname FROM users WHERE id = ANY(%(ids)s)"


class PostgresNicknames:
    """The port `ReadNicknames`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, user_ids: Sequence[int]) -> dict[int, str]:
        """The nicknames of these users; who is not there is left out. Raises BusyError."""
        found = rows(self._engine, _NICKNAMES, {"ids": list(user_ids)})
        return {row.id: row.nickname for row in found}
