"""Notices of a user: the unread ones after each `auth`, and their acknowledgement."""

from functools import partial

import structlog

from app.domain.errors import BusyError, DomainError
from app.protocol import frames
from app.protocol.pushes import NoticeAcked, notice_push
from app.services.live import UserNotices
from app.web.ws.connection import Connection
from app.web.ws.ordering import NOTICES

log = structlog.get_logger()


class NoticeFrames:
    """Sends notices, and takes their acknowledgements."""

    def __init__(self, notices: UserNotices) -> None:
        self._notices = notices

    def on_ack(self, connection: Connection, frame: frames.NoticeAck) -> None:
        """Mark all notices up to one as read."""
        self._notices.acknowledge(connection.signed_in().user_id, frame.up_to)
        connection.answer(NoticeAcked(re=frame.id, up_to=frame.up_to))

    def send_unread_soon(self, connection: Connection) -> None:
        """Send a user's unread notices, once they have been read from the store."""
        try:
            connection.queues.put(NOTICES, partial(self._send_unread, connection))
        except BusyError:
            log.warning("notices_unread_failed", code="BUSY")

    def _send_unread(self, connection: Connection) -> None:
        if connection.identity is None:
            return
        try:
            for notice in self._notices.unread(connection.identity.user_id):
                connection.answer(notice_push(notice))
        except DomainError as error:
            log.warning("notices_unread_failed", code=error.code)
        except Exception:
            log.exception("notices_unread_failed")
