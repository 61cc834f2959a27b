"""`settle(topic, key)`: a wake-up. Retried on a version conflict, with backoff and full jitter."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery import Celery, Task

from app.bootstrap import Container
from app.domain.errors import OlderDatabaseError
from app.observability import metrics
from app.services.lanes import OutageError
from app.services.waking import SETTLE_TASK
from app.settings import Limits
from workers.attempts import Attempts
from workers.burying import Undertaker
from workers.lanes import LaneSettler

log = structlog.get_logger()


def register_settle(app: Celery, container: Container) -> None:
    """Add the task to `app`."""
    limits = container.settings.limits
    attempts = Attempts(make_settler(container), limits.retries_max)

    @app.task(name=SETTLE_TASK, bind=True, max_retries=limits.retries_max)
    def settle(task: Task[Any, Any], topic: str, key: str, stuck: list[int] | None = None) -> None:
        """Settle what waits in the lane of `key`; `stuck` as in `Attempts.attempt`."""
        container.waker.asleep((topic, key))
        again = None
        with _put_off_by_outages(topic, key):
            again = attempts.attempt(
                container.lane_topics[topic], key, retries=task.request.retries, stuck=stuck
            )
        if again is not None:
            raise _again(task, (topic, key, sorted(again)), limits)


def make_settler(container: Container) -> LaneSettler:
    """The settle loop on this process's stores and limits."""
    limits = container.settings.limits
    undertaker = Undertaker(
        begin=container.begin,
        lanes=container.lanes,
        dead_letters=container.dead_letters,
        rates=container.death_rates,
        batch_max=limits.settle_batch_max,
    )
    return LaneSettler(
        begin=container.begin,
        lanes=container.lanes,
        undertaker=undertaker,
        batch_max=limits.settle_batch_max,
        turn_s=limits.settle_round_s,
        again=lambda topic, key: container.waker.wake_again([(topic, key)]),
    )


@contextmanager
def _put_off_by_outages(topic: str, key: str) -> Iterator[None]:
    """A store that is away is nobody's fault, so it is no retry: the clock's sweep wakes the lane
    again. So it is with a database that was restored."""
    try:
        yield
    except (OutageError, OlderDatabaseError) as error:
        metrics.DEFERRED.labels(topic).inc()
        log.warning("settle_deferred", topic=topic, key=key, error=str(error))


def _again(task: "Task[Any, Any]", arguments: tuple[Any, ...], limits: Limits) -> Exception:
    longest_s = limits.retry_first_ms / 1000 * 2**task.request.retries
    countdown_s = random.uniform(0, longest_s)  # noqa: S311 - jitter
    return task.retry(args=arguments, kwargs={}, countdown=countdown_s, throw=False)
