"""Sends the task that publishes new notices, soon after they were written."""

import time

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from app.protocol.channels import NOTICE_FLAG_KEY
from app.protocol.tasks import PUBLISH_NOTICES_TASK

FLAG_S = 10  # long enough for any queue a worker still works off; the sweep ignores the flag
PUBLISH_AFTER_S = 0.1  # one task publishes the notices of all settles in this time

log = structlog.get_logger()


class NoticeWaker:
    """Queues at most one task at a time, by a flag in Redis.

    A server that does not answer costs a task, which the next sweep replaces, and raises nothing.
    """

    def __init__(self, celery: Celery, flags: Redis) -> None:
        self._celery, self._flags = celery, flags
        # Until then a task of this process waits, which publishes what is committed.
        self._queued_until = 0.0

    def publish_soon(self) -> None:
        """Queue a task that publishes new notices in a moment rather than at the next sweep."""
        now = time.monotonic()
        if now < self._queued_until:
            return
        try:
            if self._flags.set(NOTICE_FLAG_KEY, 1, nx=True, ex=FLAG_S) is not None:
                self._celery.send_task(
                    PUBLISH_NOTICES_TASK, countdown=PUBLISH_AFTER_S, ignore_result=True
                )
                self._queued_until = now + PUBLISH_AFTER_S
        except (RedisError, OperationalError, OSError) as error:
            log.warning("wake_lost", error=type(error).__name__)

    def clear_flag(self) -> None:
        """Clear the flag of `publish_soon`, so that later notices queue another task."""
        self._queued_until = 0.0
        try:
            self._flags.delete(NOTICE_FLAG_KEY)
        except RedisError as error:
            log.warning("wake_flag_kept", error=type(error).__name__)
