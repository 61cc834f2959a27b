"""Nicknames for user ids from Kafka, which holds no names.

A name is cached for half a minute, so an erased name leaves memory as soon.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from app.domain.errors import BusyError
from app.protocol.resources import ChatMessage, Person
from app.services.ttl_cache import TtlCache

NAMES_CACHED_MAX = 50_000
NAME_TTL_S = 30.0
NOBODY = ""
"""Somebody who is erased, or whose name cannot be read now; clients word it."""

ReadNicknames = Callable[[Sequence[int]], Mapping[int, str]]
"""The nicknames of users by id; who is not there is left out. Raises BusyError."""


class Nicknames:
    """Looks up many names at once. Never raises: a missing name delays no message."""

    def __init__(self, read: ReadNicknames) -> None:
        self._read = read
        self._recent: TtlCache[int, str] = TtlCache(NAMES_CACHED_MAX, ttl_s=NAME_TTL_S)

    def of(self, user_ids: Iterable[int]) -> dict[int, str]:
        """Return the name of each user; NOBODY for users without one."""
        wanted = set(user_ids)
        known = {one: name for one in wanted if (name := self._recent.get(one)) is not None}
        missing = sorted(wanted - known.keys())
        if missing:
            known |= self._look_up(missing)
        return {one: known.get(one, NOBODY) for one in wanted}

    def name(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        """Return the messages with their senders' names."""
        names = self.of(message.sender.id for message in messages)
        return [
            replace(message, sender=Person(message.sender.id, names[message.sender.id]))
            for message in messages
        ]

    def _look_up(self, user_ids: Sequence[int]) -> dict[int, str]:
        try:
            found = dict(self._read(user_ids))
        except BusyError:
            return {}
        for one in user_ids:
            self._recent.put(one, found.get(one, NOBODY))
        return found
