"""The services of processes that send tasks to the workers, or are workers."""

from functools import cached_property

from celery import Celery

from app.adapters.tasks.notices import NoticeWaker
from app.bootstrap.container import Container
from lanes.tasks.application import make_celery


class TaskContainer(Container):
    """Services with Celery."""

    @cached_property
    def celery(self) -> Celery:
        """The Celery application, to send tasks with."""
        return make_celery(self.settings.redis_broker_url, name="auction", settings="celeryconfig")

    @cached_property
    def notice_waker(self) -> NoticeWaker:
        """The publishing of new notices."""
        return NoticeWaker(self.celery, self.fanout)
