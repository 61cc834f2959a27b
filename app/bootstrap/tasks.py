"""The services of processes that send tasks to the workers, or are workers."""

from functools import cached_property

from celery import Celery

from app.adapters.redis.connect import connect
from app.adapters.tasks.notices import NoticeWaker
from app.bootstrap.container import Container
from app.protocol.tasks import MAINTENANCE_QUEUE, NOTICE_QUEUE
from lanes.tasks.application import make_celery
from lanes.tasks.waker import CeleryWaker


class TaskContainer(Container):
    """Services with Celery."""

    @cached_property
    def celery(self) -> Celery:
        """The Celery application, to send tasks with."""
        return make_celery(self.settings.redis_broker_url, name="auction", settings="celeryconfig")

    @cached_property
    def waker(self) -> CeleryWaker:
        """Wake-ups."""
        broker = connect(self.settings.redis_broker_url, limits=self.settings.limits)
        others = (NOTICE_QUEUE, MAINTENANCE_QUEUE)
        return CeleryWaker(
            self.celery, self.fanout, broker, topics=self.lane_topics, other_queues=others
        )

    @cached_property
    def notice_waker(self) -> NoticeWaker:
        """The publishing of new notices."""
        return NoticeWaker(self.celery, self.fanout)

    def _hasten_notices(self) -> None:
        self.notice_waker.publish_soon()
