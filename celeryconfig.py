"""Celery's settings: the platform's, and the queues here. The broker's address is in Settings."""

from app.protocol.tasks import MAINTENANCE_QUEUE, NOTICE_QUEUE, PUBLISH_NOTICES_TASK
from lanes.tasks.celery_settings import *  # noqa: F403 - Celery reads all names of this module

task_default_queue = MAINTENANCE_QUEUE
# A lane's wake-up goes to its topic's own queue, as LaneTopic says.
task_routes = {
    PUBLISH_NOTICES_TASK: {"queue": NOTICE_QUEUE},
}
