"""`settle(topic, keys)`, the platform's task, on the lanes of bids."""

from celery import Celery

from app.bootstrap.bids import BidsContainer, build_bids_container
from app.bootstrap.container import Container
from app.settings import Settings
from lanes.tasks.settle import register_settle


def register(app: Celery, settings: Settings) -> Container:
    """Add the task to `app`; return its services."""
    container = build_bids_container(settings, app)
    register_settling(app, container)
    return container


def register_settling(app: Celery, container: BidsContainer) -> None:
    """Add the task to `app`, on the lanes of `container`."""
    register_settle(
        app,
        container.settler,
        topics=container.lane_topics,
        waker=container.waker,
        limits=container.settings.limits,
    )
