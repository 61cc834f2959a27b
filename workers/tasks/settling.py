"""`settle(topic, keys)`, the platform's task, on the lanes of a container."""

from celery import Celery

from app.bootstrap.bids import BidsContainer
from lanes.tasks.settle import register_settle


def register_settling(app: Celery, container: BidsContainer) -> None:
    """Add the task to `app`."""
    register_settle(
        app,
        container.settler,
        topics=container.lane_topics,
        waker=container.waker,
        limits=container.settings.limits,
    )
