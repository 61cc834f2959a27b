"""Reading a user's notices; settling writes them."""

from functools import partial
from typing import Protocol

from app.protocol.resources import Listed, Notice, Page
from app.services.pages import page_by_id


class StoredNotices(Protocol):
    """Stored notices."""

    def page(self, user_id: int, *, after_id: int | None, limit: int) -> list[Notice]:
        """Return at most `limit` notices, newest first, after one of them. Raise BusyError."""
        ...


class NoticeList:
    """A user's notices."""

    def __init__(self, notices: StoredNotices) -> None:
        self._notices = notices

    def page(self, user_id: int, query: Page) -> Listed[Notice]:
        """Return a page of notices, newest first."""
        return page_by_id(query, "notices", partial(self._notices.page, user_id))
