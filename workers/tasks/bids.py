"""`settle(topic, keys)`: a wake-up of lanes, settled in turn.

A lane that met a version conflict is retried by a task of its own, with backoff and full jitter.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery import Celery, Task

from app.bootstrap.worker import WorkerContainer
from app.domain.errors import OlderDatabaseError
from app.observability import metrics
from app.services.lanes import OutageError
from app.services.waking import SETTLE_TASK
from app.settings import Limits
from workers.attempts import Attempts
from workers.dead_letters import DeadLetterWriter
from workers.lanes import LaneSettler

log = structlog.get_logger()


def register_settle(app: Celery, container: WorkerContainer) -> None:
    """Add the task to `app`."""
    limits = container.settings.limits
    attempts = Attempts(make_settler(container), limits.retries_max)

    @app.task(name=SETTLE_TASK, bind=True, shared=False, max_retries=limits.retries_max)
    def settle(
        task: Task[Any, Any], topic: str, keys: list[str], stuck: list[int] | None = None
    ) -> None:
        """Settle what waits in the lanes of `keys`; `stuck`, of one, as in `Attempts.attempt`."""
        container.waker.clear_flags((topic, key) for key in keys)
        lane, retries = container.lane_topics[topic], task.request.retries
        ends = time.monotonic() + limits.settle_round_s
        errors: list[Exception] = []
        for done, key in enumerate(keys):
            if time.monotonic() > ends:
                container.waker.enqueue((topic, late) for late in keys[done:])
                break
            again = None
            try:
                with _put_off_by_outages(topic, key):
                    again = attempts.attempt(lane, key, retries=retries, stuck=stuck)
            except Exception as error:  # noqa: BLE001 - the other lanes are not at fault
                errors.append(error)
            if again is not None:
                errors.append(_again(task, (topic, [key], sorted(again)), limits))
        if errors:
            raise errors[0] if len(errors) == 1 else ExceptionGroup(f"of {topic}", errors)


def make_settler(container: WorkerContainer) -> LaneSettler:
    """The settle loop on this process's stores and limits."""
    limits = container.settings.limits
    dead_letter_writer = DeadLetterWriter(
        begin=container.begin,
        lanes=container.lanes,
        dead_letters=container.dead_letters,
        dead_letter_limit=container.dead_letter_limit,
        batch_max=limits.settle_batch_max,
    )
    return LaneSettler(
        begin=container.begin,
        lanes=container.lanes,
        dead_letter_writer=dead_letter_writer,
        batch_max=limits.settle_batch_max,
        turn_s=limits.settle_round_s,
        again=lambda topic, key: container.waker.enqueue([(topic, key)]),
        busy=lambda topic, key: container.waker.wake_later([(topic, key)]),
    )


@contextmanager
def _put_off_by_outages(topic: str, key: str) -> Iterator[None]:
    """Ignore outages: retrying is not needed, because the clock's sweep wakes the lane again. The
    same holds for a restored database."""
    try:
        yield
    except (OutageError, OlderDatabaseError) as error:
        metrics.DEFERRED.labels(topic).inc()
        log.warning("settle_deferred", topic=topic, key=key, error=str(error))


def _again(task: "Task[Any, Any]", arguments: tuple[Any, ...], limits: Limits) -> Exception:
    longest_s = limits.retry_first_ms / 1000 * 2**task.request.retries
    countdown_s = random.uniform(0, longest_s)  # noqa: S311 - jitter
    return task.retry(args=arguments, kwargs={}, countdown=countdown_s, throw=False)
