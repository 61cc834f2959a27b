"""The services of processes that send tasks to the workers."""

from functools import cached_property

from celery import Celery

from app.adapters.tasks.notices import NoticeWaker
from app.bootstrap.container import Container
from app.settings import Settings
from lanes.tasks.application import make_celery


def make_house_celery(settings: Settings) -> Celery:
    """Return a Celery application with the house's queues, without tasks."""
    return make_celery(settings.redis_broker_url, name="auction", settings="celeryconfig")


class TaskContainer(Container):
    """Services with Celery."""

    @cached_property
    def celery(self) -> Celery:
        """The Celery application, to send tasks with."""
        return make_house_celery(self.settings)

    @cached_property
    def notice_waker(self) -> NoticeWaker:
        """The publishing of new notices."""
        return NoticeWaker(self.celery, self.fanout)
