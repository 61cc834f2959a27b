"""The services of processes that send tasks to the workers, or are workers."""

from functools import cached_property

from celery import Celery

from app.adapters.redis.connect import connect
from app.adapters.tasks.application import make_celery
from app.adapters.tasks.waker import CeleryWaker
from app.bootstrap.container import Container


class TaskContainer(Container):
    """Services with Celery."""

    @cached_property
    def celery(self) -> Celery:
        """The Celery application, to send tasks with."""
        return make_celery(self.settings)

    @cached_property
    def waker(self) -> CeleryWaker:
        """Wake-ups."""
        broker = connect(self.settings.redis_broker_url, limits=self.settings.limits)
        queues = {name: lane.queue for name, lane in self.lane_topics.items()}
        return CeleryWaker(self.celery, self.fanout, broker, queues=queues)

    def _hasten_notices(self) -> None:
        # The waker needs the lane topics' queues: it cannot be made while they are.
        self.waker.publish_notices_soon()
