"""`settle(topic, key)`: a wake-up. Retried on a version conflict, with backoff and full jitter."""

import random
from typing import Any

import structlog
from celery import Celery, Task
from sqlalchemy.exc import OperationalError

from app.bootstrap import Container
from app.observability import metrics
from app.services.lanes import UnknownLaneError, VersionConflictError
from app.services.waking import SETTLE_TASK
from workers.lanes import LaneSettler

log = structlog.get_logger()


def register_settle(app: Celery, container: Container) -> None:
    """Add the task to `app`."""
    limits = container.settings.limits
    settler = LaneSettler(
        engine=container.engine,
        batch_max=limits.settle_batch_max,
        turn_s=limits.settle_round_s,
        again=lambda topic, key: container.waker.wake_again([(topic, key)]),
    )

    @app.task(name=SETTLE_TASK, bind=True, max_retries=limits.retries_max)
    def settle(task: Task[Any, Any], topic: str, key: str) -> None:
        """Settle what waits in the lane of `key`."""
        container.waker.asleep((topic, key))
        try:
            settler.settle(container.lane_topics[topic], key)
        except VersionConflictError as conflict:
            metrics.CONFLICTS.labels(topic).inc()
            if task.request.retries < limits.retries_max:
                metrics.RETRIES.labels(topic).inc()
            raise _again(task, conflict, first_ms=limits.retry_first_ms) from conflict
        except OperationalError as error:
            # The database is away or the lane is locked: nobody's fault, so it is no retry,
            # and the clock's sweep wakes the lane again.
            metrics.DEFERRED.labels(topic).inc()
            log.warning("settle_deferred", topic=topic, key=key, error=type(error.orig).__name__)
        except UnknownLaneError as error:
            log.error(  # noqa: TRY400 - the record is at fault, not the code
                "settle_impossible", topic=topic, key=key, reason=error.code
            )


def _again(task: "Task[Any, Any]", conflict: VersionConflictError, *, first_ms: int) -> Exception:
    retries = task.request.retries
    countdown_s = random.uniform(0, first_ms / 1000 * 2**retries)  # noqa: S311 - jitter
    return task.retry(exc=conflict, countdown=countdown_s, throw=False)
