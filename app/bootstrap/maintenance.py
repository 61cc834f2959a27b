"""The services of workers that send mails and keep house."""

from functools import cached_property

from app.adapters.postgres.archive import PostgresArchive
from app.adapters.postgres.purging import OldNotices, ReplayedDeadLetters
from app.adapters.postgres.rooms import PostgresRooms
from app.adapters.redis.bookmark import RedisBookmark
from app.bootstrap.clock import utc_now
from app.bootstrap.mail import MailContainer
from app.protocol.topics import LIVE_TOPICS
from app.services.housekeeping import Chore, Housekeeping
from app.services.old_chat import OldChat
from app.settings import Settings


class MaintenanceContainer(MailContainer):
    """Sending mails, housekeeping."""

    @cached_property
    def housekeeping(self) -> Housekeeping:
        """Archiving and deleting old rows."""
        limits, engine = self.settings.limits, self.engine
        forgotten = [topic.name for topic in LIVE_TOPICS if not topic.for_ever]
        chat = OldChat(
            PostgresRooms(engine),
            self.messages,
            RedisBookmark(self.fanout),
            days=limits.chat_days,
            clock=utc_now,
        )
        letters = ReplayedDeadLetters(
            engine,
            topics=forgotten,
            days=limits.dead_letter_days,
            unreplayed_days=limits.chat_days,
        )
        chores: list[Chore] = [
            PostgresArchive(engine, days=limits.history_days),
            OldNotices(engine, days=limits.notice_days),
            letters,
            chat,
        ]
        return Housekeeping(chores, limits=limits)


def build_maintenance_container(settings: Settings) -> MaintenanceContainer:
    """The services of a worker of maintenance; connects to nothing yet."""
    return MaintenanceContainer(settings, application="worker")
