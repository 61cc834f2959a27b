"""`settle(topic, keys)`: a wake-up of lanes, settled together, and after a failure in turn.

A lane that met a version conflict is retried by a task of its own, with backoff and full jitter.
"""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from celery import Celery, Task

from lanes import metrics
from lanes.attempts import Attempts
from lanes.errors import OutageError, UnusableDatabaseError
from lanes.handler import LaneTopic
from lanes.ports import T
from lanes.settings import LaneLimits
from lanes.settle import LaneSettler
from lanes.wake import SETTLE_TASK, Waker

log = structlog.get_logger()


def register_settle(
    app: Celery,
    settler: LaneSettler[T],
    *,
    topics: Mapping[str, LaneTopic[T]],
    waker: Waker,
    limits: LaneLimits,
    name: str = SETTLE_TASK,
) -> None:
    """Add the task to `app`, called `name`; `topics` by name."""
    attempts = Attempts(settler, limits.retries_max)

    @app.task(name=name, bind=True, shared=False, max_retries=limits.retries_max)
    def settle(
        task: Task[Any, Any], topic: str, keys: list[str], stuck: list[int] | None = None
    ) -> None:
        """Settle what waits in the lanes of `keys`; `stuck`, of one, as in `Attempts.attempt`."""
        waker.clear_flags((topic, key) for key in keys)
        lane, retries = topics[topic], task.request.retries
        alone = settler.settle_together(lane, keys)
        ends = time.monotonic() + limits.settle_round_s
        errors: list[Exception] = []
        for done, key in enumerate(alone):
            if time.monotonic() > ends:
                waker.enqueue((topic, late) for late in alone[done:])
                break
            again = None
            try:
                with _deferred_by_outages(topic, key):
                    again = attempts.attempt(lane, key, retries=retries, stuck=stuck)
            except Exception as error:  # noqa: BLE001 - the other lanes are not at fault
                errors.append(error)
            if again is not None:
                errors.append(_again(task, (topic, [key], sorted(again)), limits))
        if errors:
            raise errors[0] if len(errors) == 1 else ExceptionGroup(f"of {topic}", errors)


@contextmanager
def _deferred_by_outages(topic: str, key: str) -> Iterator[None]:
    """Ignore outages: retrying is not needed, because the sweep wakes the lane again. The same
    holds for a database that must not be used."""
    try:
        yield
    except (OutageError, UnusableDatabaseError) as error:
        metrics.DEFERRED.labels(topic).inc()
        log.warning("settle_deferred", topic=topic, key=key, error=str(error))


def _again(task: "Task[Any, Any]", arguments: tuple[Any, ...], limits: LaneLimits) -> Exception:
    longest_s = limits.retry_first_ms / 1000 * 2**task.request.retries
    countdown_s = random.uniform(0, longest_s)  # noqa: S311 - jitter
    return task.retry(args=arguments, kwargs={}, countdown=countdown_s, throw=False)
