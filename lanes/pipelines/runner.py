"""Runs pipelines, each in its thread, until stopped.

After a failed step, which is logged, the pipeline is closed and opened again after a growing pause,
so it recovers when its servers do. Only a StoppedError, or a database that must not be used, ends
the process, because going on would lose or double records. A step that does not end cannot be
ended: that its pipeline is stuck is seen by `StepTimes`.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog
from kafka.errors import KafkaError
from redis import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError

from lanes import metrics
from lanes.errors import OutageError, StoppedError, UnusableDatabaseError

STORE_FAULTS = (KafkaError, RedisError, OperationalError, InterfaceError, OutageError)
PAUSE_FIRST_S, PAUSE_MAX_S = 0.2, 5.0
# Connecting waits 30 s for a broker, and a step for some statements of 5 s each.
STUCK_AFTER_S = 60.0

log = structlog.get_logger()


class Pipeline(Protocol):
    """A loop of small steps. `step` waits a second at most for something to do, or for an
    acknowledgement: one that has not come by then is waited for by the next step."""

    name: str

    def open(self) -> None:
        """Connect; called again after each failure."""

    def step(self) -> None:
        """Process one batch, its effect before its commit."""

    def close(self) -> None:
        """Release everything; must not raise."""


class StepTimes:
    """When the newest step of each pipeline of a process ended, or its last try to connect."""

    def __init__(
        self,
        *,
        stuck_after_s: float = STUCK_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stuck_after_s, self._clock = stuck_after_s, clock
        self._ended_at: dict[str, float] = {}

    def set_ended(self, pipeline: str) -> None:
        """Note that a step has ended now."""
        self._ended_at[pipeline] = self._clock()
        metrics.STEP_ENDED.labels(pipeline).set_to_current_time()

    def stuck(self) -> list[str]:
        """Return the pipelines whose step has not ended for too long."""
        since = self._clock() - self._stuck_after_s
        return [name for name, ended_at in list(self._ended_at.items()) if ended_at < since]


class Runner:
    """Drives pipelines; `run` returns when all have ended."""

    def __init__(
        self,
        pipelines: list[Pipeline],
        *,
        outages: tuple[type[Exception], ...] = (),
        step_times: StepTimes | None = None,
    ) -> None:
        """`outages` are errors of the owner's pipelines that say all without a trace."""
        self._pipelines, self._outages = pipelines, (*STORE_FAULTS, *outages)
        self._step_times = step_times or StepTimes()
        self._stop = threading.Event()
        self.failed = False

    def stop(self) -> None:
        """Ask every pipeline to finish its current step."""
        self._stop.set()

    def run(self) -> None:
        """Run until stopped, or until a pipeline must not go on."""
        threads = [
            threading.Thread(target=self._drive, args=(pipeline,), name=pipeline.name)
            for pipeline in self._pipelines
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _drive(self, pipeline: Pipeline) -> None:
        structlog.contextvars.bind_contextvars(pipeline=pipeline.name)
        pause_s = PAUSE_FIRST_S
        while not self._stop.is_set():
            if self._session(pipeline):
                pause_s = PAUSE_FIRST_S
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    def _session(self, pipeline: Pipeline) -> bool:
        """Open, step, close; return whether at least one step succeeded."""
        worked, set_ended = False, self._step_times.set_ended
        try:
            set_ended(pipeline.name)
            pipeline.open()
            while not self._stop.is_set():
                set_ended(pipeline.name)
                pipeline.step()
                worked = True
        except (StoppedError, UnusableDatabaseError) as reason:
            log.error("pipeline_stopped", reason=str(reason))  # noqa: TRY400 - no trace needed
            self.failed = True
            self.stop()
        except self._outages as error:  # which is clear without a trace
            metrics.PIPELINE_FAILURES.labels(pipeline.name).inc()
            message = str(getattr(error, "orig", None) or error).partition("\n")[0]
            log.warning("pipeline_failed", error=type(error).__name__, reason=message)
        except Exception:
            metrics.PIPELINE_FAILURES.labels(pipeline.name).inc()
            log.exception("pipeline_failed")
        finally:
            pipeline.close()
        return worked
