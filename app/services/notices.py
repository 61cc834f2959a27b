"""Reading a user's notices; settling writes them."""

from typing import Protocol

from app.protocol.resources import Notice, Page
from app.services.cursors import read_cursor, write_cursor

ORDER = "notices"


class StoredNotices(Protocol):
    """Stored notices."""

    def page(self, user_id: int, before_id: int | None, limit: int) -> list[Notice]:
        """Return at most `limit` notices, newest first. Raise BusyError."""
        ...


class NoticeList:
    """A user's notices."""

    def __init__(self, notices: StoredNotices) -> None:
        self._notices = notices

    def page(self, user_id: int, page: Page) -> tuple[list[Notice], str | None]:
        """Return a page of notices, newest first, and the cursor of the next."""
        after = read_cursor(page.cursor, ORDER)
        found = self._notices.page(user_id, after[1] if after else None, page.limit + 1)
        shown = found[: page.limit]
        more = len(found) > page.limit
        return shown, write_cursor(ORDER, 0, shown[-1].id) if more else None
