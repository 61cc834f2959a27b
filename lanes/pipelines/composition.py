"""The pipelines of a platform, by name."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lanes.checking import Sizes
from lanes.errors import NotFoundError
from lanes.ingest import IngestorPorts
from lanes.pipelines.ingest import Ingest
from lanes.pipelines.relay import Relay
from lanes.pipelines.runner import Pipeline
from lanes.pipelines.sweep import Sweeper
from lanes.postgres.backlog import LaneBacklog
from lanes.postgres.dead_letters import PostgresDeadLetters
from lanes.postgres.lanes import PostgresInboxWriter
from lanes.sweep import Sweep

if TYPE_CHECKING:
    from lanes.platform import Platform


def compose(platform: "Platform", names: Sequence[str]) -> list[Pipeline]:
    """Return the pipelines of these names. Raise NotFoundError for one that does not exist."""
    unknown = [name for name in names if name not in PIPELINES]
    if unknown:
        raise NotFoundError(f"no pipeline is called {unknown[0]}: {', '.join(PIPELINES)}")
    return [pipeline for name in names for pipeline in PIPELINES[name](platform)]


def _ingest(platform: "Platform") -> list[Pipeline]:
    limits = platform.limits
    ports = IngestorPorts(
        begin=platform.begin,
        inbox_writer=PostgresInboxWriter(),
        dead_letters=PostgresDeadLetters(),
        sizes=Sizes(limits.record_key_bytes_max, limits.record_bytes_max),
        dead_letter_limit=limits.dead_letter_limit,
    )
    return [
        Ingest(
            lane,
            ports,
            kafka=platform.kafka,
            waker=platform.waker,
            backlog=LaneBacklog(lane.topic, engine=platform.engine, limits=limits),
        )
        for lane in platform.topics.values()
    ]


def _relay(platform: "Platform") -> list[Pipeline]:
    return [Relay(kafka=platform.kafka, engine=platform.engine, limits=platform.limits)]


def _sweep(platform: "Platform") -> list[Pipeline]:
    return [Sweeper(Sweep(platform.waker, platform.limits), platform.engine)]


PIPELINES: dict[str, Callable[["Platform"], list[Pipeline]]] = {
    "ingest": _ingest,
    "relay": _relay,
    "sweep": _sweep,
}
