"""The services of processes that wake lanes: the bridge, workers of bids, commands of operators."""

from functools import cached_property

from app.adapters.redis.connect import connect
from app.bootstrap.lanes import LaneContainer
from app.bootstrap.tasks import TaskContainer
from app.protocol.tasks import QUEUES, SETTLE_QUEUE
from lanes.tasks.waker import CeleryWaker


class WakeContainer(LaneContainer, TaskContainer):
    """Services with lanes and Celery."""

    @cached_property
    def waker(self) -> CeleryWaker:
        """Wake-ups."""
        broker = connect(self.settings.redis_broker_url, limits=self.settings.limits)
        others = [queue for queue in QUEUES if queue != SETTLE_QUEUE]
        return CeleryWaker(
            self.celery, self.fanout, broker, topics=self.lane_topics, other_queues=others
        )

    def _hasten_notices(self) -> None:
        self.notice_waker.publish_soon()
