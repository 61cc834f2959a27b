"""`python -m bridge ingest relay broadcast clock` runs pipelines; `python -m bridge topics`
creates the topics."""

import argparse
import signal
import sys
from collections.abc import Callable

from app.adapters.kafka.topics import WrongTopicError, create_topics
from app.bootstrap import Container, build_container
from app.observability.logging import configure_logging
from app.protocol.topics import ALL_TOPICS
from app.settings import Settings, SettingsError, read_settings
from bridge.pipelines.broadcast import Broadcast
from bridge.pipelines.clock import Clock
from bridge.pipelines.event import Event
from bridge.pipelines.ingest import Ingest
from bridge.pipelines.relay import Relay
from bridge.pipelines.save import Save
from bridge.runner import Pipeline, Runner

TOPICS_WAIT_S = 60.0


def _ingest(container: Container) -> list[Pipeline]:
    return [
        Ingest(lane, settings=container.settings, engine=container.engine, waker=container.waker)
        for lane in container.lane_topics.values()
    ]


def _relay(container: Container) -> list[Pipeline]:
    return [Relay(settings=container.settings, engine=container.engine)]


def _broadcast(container: Container) -> list[Pipeline]:
    return [Broadcast(settings=container.settings, redis=container.fanout)]


def _save(container: Container) -> list[Pipeline]:
    return [Save(container.messages, settings=container.settings)]


def _event(container: Container) -> list[Pipeline]:
    return [Event(settings=container.settings, engine=container.engine)]


def _clock(container: Container) -> list[Pipeline]:
    return [
        Clock(
            container.due_records,
            settings=container.settings,
            engine=container.engine,
            waker=container.waker,
        )
    ]


PIPELINES: dict[str, Callable[[Container], list[Pipeline]]] = {
    "ingest": _ingest,
    "relay": _relay,
    "broadcast": _broadcast,
    "save": _save,
    "event": _event,
    "clock": _clock,
}


def main() -> int:
    """Exit 0 after SIGTERM, 1 when a pipeline must not go on, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m bridge", description=__doc__)
    parser.add_argument("verbs", nargs="+", choices=["topics", *PIPELINES])
    verbs = parser.parse_args().verbs
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    configure_logging(settings.log_level, process=settings.process_name or "bridge")
    return _topics(settings) if verbs == ["topics"] else _run(verbs, settings)


def _topics(settings: Settings) -> int:
    try:
        create_topics(
            settings.kafka_bootstrap_servers,
            ALL_TOPICS,
            replication=settings.kafka_replication,
            min_isr=settings.kafka_min_isr,
            wait_s=TOPICS_WAIT_S,
        )
    except WrongTopicError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(verbs: list[str], settings: Settings) -> int:
    container = build_container(settings, application="bridge")
    runner = Runner([pipeline for verb in verbs for pipeline in PIPELINES[verb](container)])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    runner.run()
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
