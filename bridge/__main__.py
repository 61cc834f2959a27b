"""`python -m bridge ingest relay broadcast save event clock` runs pipelines, any of them;
`python -m bridge topics` creates the topics; `python -m bridge audit` holds everything against the
invariants."""

import argparse
import signal
import sys
from collections.abc import Callable
from typing import Protocol

from app.adapters.kafka.topics import WrongTopicError, create_topics
from app.bootstrap import Container, build_container
from app.observability.logging import configure_logging
from app.settings import Settings, SettingsError, read_settings
from bridge.arguments import Arguments
from bridge.audit import command as audit_command
from bridge.checking import Sizes
from bridge.handling import HandlingPorts
from bridge.pipelines.broadcast import Broadcast
from bridge.pipelines.clock import Clock
from bridge.pipelines.event import Event
from bridge.pipelines.ingest import Ingest
from bridge.pipelines.relay import Relay
from bridge.pipelines.save import Save
from bridge.runner import Pipeline, Runner
from bridge.taking import TakingPorts

TOPICS_WAIT_S = 60.0


class MakeContainer(Protocol):
    """Makes the services of a process; connects to nothing yet."""

    def __call__(self, settings: Settings, *, application: str) -> Container:
        """The services of this process; `application` names it to the servers it connects to."""
        ...


def _ingest(container: Container) -> list[Pipeline]:
    return [
        Ingest(
            lane,
            _taking_ports(container),
            settings=container.settings,
            waker=container.waker,
        )
        for lane in container.lane_topics.values()
    ]


def _taking_ports(container: Container) -> TakingPorts:
    limits = container.settings.limits
    return TakingPorts(
        begin=container.begin,
        intake=container.intake,
        dead_letters=container.dead_letters,
        sizes=Sizes(limits.record_key_bytes_max, limits.record_bytes_max),
        rates=container.death_rates,
    )


def _handling_ports(container: Container) -> HandlingPorts:
    return HandlingPorts(container.begin, container.dead_letters, container.death_rates)


def _relay(container: Container) -> list[Pipeline]:
    return [Relay(settings=container.settings, engine=container.engine)]


def _broadcast(container: Container) -> list[Pipeline]:
    ports, settings = _handling_ports(container), container.settings
    return [Broadcast(ports, redis=container.fanout, settings=settings)]


def _save(container: Container) -> list[Pipeline]:
    ports, settings = _handling_ports(container), container.settings
    return [Save(ports, messages=container.messages, settings=settings)]


def _event(container: Container) -> list[Pipeline]:
    return [Event(_handling_ports(container), settings=container.settings)]


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


def main(make_container: MakeContainer = build_container) -> int:
    """Exit 0 after SIGTERM, 1 when a pipeline must not go on, 2 for wrong arguments or settings.

    `make_container` says whose lane topics are taken in: the house's, or another's.
    """
    options = _parser().parse_args()
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    configure_logging(settings.log_level, process=settings.process_name or "bridge")
    container = make_container(settings, application="bridge")
    return int(options.do(container, options))


def _parser() -> argparse.ArgumentParser:
    """A sub-parser per verb. A pipeline's takes further pipelines: they run in one process."""
    parser = Arguments(prog="python -m bridge", description=__doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("topics", help="create the topics").set_defaults(do=_topics)
    audit_command.add_to(verbs)
    for name in PIPELINES:
        pipeline = verbs.add_parser(name, help=f"run {name}, and other pipelines beside it")
        pipeline.add_argument("others", nargs="*", choices=[*PIPELINES, []], metavar="PIPELINE")
        pipeline.set_defaults(do=_run, first=name)
    return parser


def _topics(container: Container, _: argparse.Namespace) -> int:
    settings = container.settings
    try:
        create_topics(
            settings.kafka_bootstrap_servers,
            container.topics,
            replication=settings.kafka_replication,
            min_isr=settings.kafka_min_isr,
            wait_s=TOPICS_WAIT_S,
        )
    except WrongTopicError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(container: Container, options: argparse.Namespace) -> int:
    verbs = [options.first, *options.others]
    runner = Runner([pipeline for verb in verbs for pipeline in PIPELINES[verb](container)])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    runner.run()
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
