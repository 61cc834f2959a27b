"""`python -m bridge ingest relay broadcast clock gauge` runs pipelines, `python -m bridge topics`
creates the topics. `audit`, `replay` and `lanes` are for operators, each with its own `--help`."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from kafka.errors import KafkaError
from sqlalchemy import Connection

from app.adapters.kafka.rights import create_topics_with_rights
from app.adapters.postgres.connections import measure_connections
from app.adapters.postgres.horizon import VacuumHorizon
from app.adapters.postgres.pools import measure_pools
from app.bootstrap.bridge import BridgeContainer, build_bridge_container
from app.bootstrap.container import refuse_older_database
from app.bootstrap.log import LogContainer
from app.domain.errors import BusyError
from app.observability import metrics
from app.observability.exporting import ExporterError, start_exporter
from app.observability.logging import configure_logging
from app.observability.process import start_sampling
from app.observability.tracing import configure_tracing
from app.services.epochs import OlderDatabaseError
from app.settings import REFUSED, Settings, SettingsError, read_settings
from app.unfit_stores import refuse_unfit_stores
from bridge.pipelines.broadcast import Broadcast
from bridge.pipelines.clock import Clock
from bridge.pipelines.event import Event
from bridge.pipelines.gauge import Gauge
from bridge.pipelines.save import Save
from lanes import LanesError
from lanes.checking import Sizes
from lanes.ingest import IngestorPorts
from lanes.kafka.consumer_loop import ConsumerLoop
from lanes.kafka.unreachable import why_unreachable
from lanes.pipelines.gauge import LagGauge, StoreGauge
from lanes.pipelines.ingest import Ingest
from lanes.pipelines.relay import Relay
from lanes.pipelines.runner import Pipeline, Runner
from lanes.postgres.backlog import measure_waiting_lanes
from lanes.record_processor import ProcessorPorts, RecordHandler
from lanes.topic import Topic
from lanes.tracing import TracingError, stop_tracing

R = TypeVar("R")

TOPICS_WAIT_S = 60.0


def _ingest(container: BridgeContainer) -> list[Pipeline]:
    return [
        Ingest(
            lane,
            _ingestor_ports(container),
            kafka=container.settings.kafka,
            waker=container.waker,
            backlog=container.lane_backlog(lane.topic),
        )
        for lane in container.lane_topics.values()
    ]


def _ingestor_ports(container: BridgeContainer) -> IngestorPorts[Connection]:
    limits = container.settings.limits
    return IngestorPorts(
        begin=container.begin,
        inbox_writer=container.inbox_writer,
        dead_letters=container.dead_letters,
        sizes=Sizes(limits.record_key_bytes_max, limits.record_bytes_max),
        dead_letter_limit=container.dead_letter_limit,
    )


def _consumer(container: BridgeContainer, handler: RecordHandler[R]) -> list[Pipeline]:
    ports = ProcessorPorts(container.begin, container.dead_letters, container.dead_letter_limit)
    return [ConsumerLoop(handler, ports, kafka=container.settings.kafka)]


def _relay(container: BridgeContainer) -> list[Pipeline]:
    settings = container.settings
    return [Relay(kafka=settings.kafka, engine=container.engine, limits=settings.limits)]


def _broadcast(container: BridgeContainer) -> list[Pipeline]:
    broadcast = Broadcast(
        redis=container.fanout,
        nicknames=container.nicknames,
        room_tail_messages=container.settings.limits.room_tail_messages,
    )
    return _consumer(container, broadcast)


def _save(container: BridgeContainer) -> list[Pipeline]:
    return _consumer(container, Save(container.messages))


def _event(container: BridgeContainer) -> list[Pipeline]:
    return _consumer(container, Event(container.begin))


def _clock(container: BridgeContainer) -> list[Pipeline]:
    return [
        Clock(
            container.due_records,
            settings=container.settings,
            engine=container.engine,
            waker=container.waker,
        )
    ]


def _gauge(container: BridgeContainer) -> list[Pipeline]:
    engine = container.engine
    backlogs = [
        Gauge(source, redis=container.fanout, stuck=container.step_times.stuck)
        for source in container.backlogs()
    ]
    postgresql: list[Callable[[], None]] = [
        VacuumHorizon(engine).measure,
        partial(measure_connections, engine),
        *(
            partial(measure_waiting_lanes, engine, lane.topic)
            for lane in container.lane_topics.values()
        ),
    ]
    return [
        *backlogs,
        StoreGauge(metrics.POSTGRESQL, postgresql),
        StoreGauge(metrics.REDIS, [container.waker.measure_queues]),
        LagGauge(container.settings.kafka, _consumed(container)),
    ]


def _consumed(container: BridgeContainer) -> dict[str, tuple[Topic, ...]]:
    """Return by consumer group the topics it reads, of those that exist."""
    lanes = {lane.group: (lane.topic,) for lane in container.lane_topics.values()}
    plain = {handler.group: handler.topics for handler in (Broadcast, Save, Event)}
    return {
        group: tuple(topic for topic in topics if topic in container.topics)
        for group, topics in {**lanes, **plain}.items()
    }


PIPELINES: dict[str, Callable[[BridgeContainer], list[Pipeline]]] = {
    "ingest": _ingest,
    "relay": _relay,
    "broadcast": _broadcast,
    "save": _save,
    "event": _event,
    "clock": _clock,
    "gauge": _gauge,
}

# Commands of operators, each with arguments, and so a parser, of its own.
COMMANDS = ("audit", "replay", "lanes")


def main() -> int:
    """As `run`, or the exit code of a command of operators."""
    if sys.argv[1:] and sys.argv[1] in COMMANDS:
        # Not the pipelines' services, because each process imports only what it runs.
        from bridge.operators import operate  # noqa: PLC0415

        return operate(sys.argv[1:])
    return run(sys.argv[1:], build_bridge_container)


def run(arguments: Sequence[str], make_container: Callable[[Settings], BridgeContainer]) -> int:
    """Exit 0 after SIGTERM, 1 when a pipeline must not go on, 2 for wrong settings or topics, or a
    database that is older than the log.

    `make_container` says whose lane topics are taken in: the house's, or another's.
    """
    parser = argparse.ArgumentParser(prog="python -m bridge", description=__doc__)
    parser.add_argument("verbs", nargs="+", choices=["topics", *PIPELINES])
    parser.add_argument(
        "--http", metavar="HOST:PORT", help="serve the metrics of this machine there"
    )
    options = parser.parse_args(arguments)
    verbs: list[str] = options.verbs
    try:
        settings = read_settings()
        if options.http is not None:
            start_exporter(options.http)
    except (SettingsError, ExporterError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    configure_logging(settings.log_level, process=settings.process_name or "bridge")
    refuse_unfit_stores(settings)
    container = make_container(settings)
    if verbs == ["topics"]:
        return make_topics(container)
    container.guard_database()
    try:
        configure_tracing(settings, process="bridge")
        refuse_older_database(container)
    except (TracingError, OlderDatabaseError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return _run(verbs, container)


def make_topics(container: LogContainer, *, wait_s: float = TOPICS_WAIT_S) -> int:
    """Create the missing topics, waiting for Kafka; 2 and a line for each that has wrong
    settings."""
    try:
        create_topics_with_rights(container.settings.kafka, container.topics, wait_s=wait_s)
    except LanesError as error:
        print(error, file=sys.stderr)
        return REFUSED
    except KafkaError as error:
        why = why_unreachable(container.settings.kafka, error)
        print(f"Kafka does not answer: {why}", file=sys.stderr)
        return REFUSED
    return 0


def _run(verbs: list[str], container: BridgeContainer) -> int:
    start_sampling(container.settings.process_name or "bridge", [measure_pools])
    runner = Runner(
        [pipeline for verb in verbs for pipeline in PIPELINES[verb](container)],
        outages=(BusyError,),
        step_times=container.step_times,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    runner.run()
    stop_tracing()
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
