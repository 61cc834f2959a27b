"""`python -m lanes -A my_app:platform COMMAND` runs and looks after a platform.

`-A` names the module and the Platform in it; LANES_APP in the environment does so, too.
"""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from lanes.command_line import OK, Parser, count, parse_arguments, perform
from lanes.errors import LanesError, PlatformError
from lanes.logging import configure_logging
from lanes.operators import audit, parking, replay
from lanes.platform import Platform
from lanes.text import printable

FAILED = 1
APP_VARIABLE = "LANES_APP"
TOPICS_WAIT_S = 60.0
LIST_LIMIT = 50

Act = Callable[[Platform, argparse.Namespace], int]
"""What a command does; returns its exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 1 when a check or a pipeline has failed, 2 with one line for wrong
    arguments, a wrong platform and servers that do not answer."""
    parser = make_parser()
    options = parse_arguments(parser, sys.argv[1:] if arguments is None else arguments)
    act: Act = options.act
    return perform(
        parser.prog, lambda: act(load_platform(options.app), options), describe=_described
    )


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m lanes", description=__doc__)
    parser.add_argument(
        "-A", "--app", metavar="MODULE:PLATFORM", default=os.environ.get(APP_VARIABLE)
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    _add(commands, "init", _init, "create or migrate the platform's tables")
    _add(commands, "topics", _topics, "create the topics that are missing")
    run = _add(commands, "run", _run, "run pipelines until SIGTERM: ingest, relay, sweep")
    run.add_argument("pipelines", nargs="+", metavar="PIPELINE")
    run.add_argument("--http", metavar="HOST:PORT", help="serve metrics there")
    status = _add(commands, "status", _status, "show the lanes that wait, the oldest first")
    status.add_argument("--limit", type=count, default=LIST_LIMIT)
    _add(commands, "doctor", _doctor, "check what would break a promise")
    parking.add_arguments(_add_parser(commands, "lanes", "list what is parked; park, unpark"))
    replay.add_arguments(_add_parser(commands, "replay", "list dead letters, or replay them"))
    audit.add_arguments(_add_parser(commands, "audit", "check that no record is lost or doubled"))
    return parser


def load_platform(app: str | None) -> Platform:
    """Return the Platform that `module:name` names. Raise PlatformError."""
    module_name, _, name = (app or "").partition(":")
    if not module_name or not name:
        raise PlatformError(f"say which platform: -A MODULE:PLATFORM, or {APP_VARIABLE}")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        platform = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise PlatformError(f"-A {app}: {error}") from error
    if not isinstance(platform, Platform):
        raise PlatformError(f"-A {app}: {type(platform).__name__} is no Platform")
    return platform


def _add(commands: "argparse._SubParsersAction[Parser]", name: str, act: Act, what: str) -> Parser:
    parser = _add_parser(commands, name, what)
    parser.set_defaults(act=act)
    return parser


def _add_parser(commands: "argparse._SubParsersAction[Parser]", name: str, what: str) -> Parser:
    return commands.add_parser(name, help=what, description=what)


def _init(platform: Platform, _: argparse.Namespace) -> int:
    from lanes.migrations import current_revision, upgrade  # noqa: PLC0415 - what a command needs

    schema = platform.schema
    with platform.engine.begin() as connection:
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        upgrade(connection, schema=schema)
        print(f"schema {schema} is at revision {current_revision(connection, schema=schema)}")
    return OK


def _topics(platform: Platform, _: argparse.Namespace) -> int:
    from kafka.errors import InvalidReplicationFactorError, KafkaError  # noqa: PLC0415 - as above

    from lanes.kafka.topics import create_topics  # noqa: PLC0415
    from lanes.kafka.unreachable import why_unreachable  # noqa: PLC0415

    try:
        create_topics(platform.kafka, platform.kafka_topics, wait_s=TOPICS_WAIT_S)
    except InvalidReplicationFactorError as error:
        copies = f"KAFKA_REPLICATION={platform.kafka.replication}"
        raise PlatformError(f"{copies}: there are fewer brokers") from error
    except KafkaError as error:
        why = why_unreachable(platform.kafka, error)
        raise PlatformError(f"Kafka does not answer: {why}") from error
    for topic in platform.kafka_topics:
        print(f"{topic.name}: {topic.partitions} partitions")
    return OK


def _run(platform: Platform, options: argparse.Namespace) -> int:
    from lanes.pipelines.runner import Runner  # noqa: PLC0415 - as above

    configure_logging()
    if options.http is not None:
        _serve_metrics(options.http)
    platform.check_schema()
    runner = Runner(platform.pipelines(options.pipelines))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    runner.run()
    return FAILED if runner.failed else OK


def _serve_metrics(bind: str) -> None:
    from prometheus_client import start_http_server  # noqa: PLC0415 - as above

    host, _, port = bind.rpartition(":")
    if not port.isdecimal():
        raise PlatformError(f"--http {bind}: is not HOST:PORT")
    try:
        start_http_server(int(port), host or "127.0.0.1")
    except OSError as error:
        raise PlatformError(f"--http {bind}: {error.strerror}") from error


def _status(platform: Platform, options: argparse.Namespace) -> int:
    from lanes.postgres.status import unsent, waiting_lanes_by_age  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    with platform.engine.connect() as connection:
        lanes = waiting_lanes_by_age(connection, limit=options.limit)
        messages, written_at = unsent(connection)
    for lane in lanes:
        parked = f"  parked: {lane.parked}" if lane.parked else ""
        age = f"{(now - lane.oldest_at).total_seconds():.1f} s"
        print(f"{lane.topic} {printable(lane.key)}: {lane.records} wait, {age}{parked}")
    if not lanes:
        print("no lane waits")
    oldest = f", the oldest {(now - written_at).total_seconds():.1f} s" if written_at else ""
    print(f"outbox: {messages} messages{oldest}")
    return OK


def _doctor(platform: Platform, _: argparse.Namespace) -> int:
    from lanes.doctor import examine  # noqa: PLC0415 - as above

    is_well = True
    for what, fault in examine(platform):
        print(f"{what}: {fault or 'ok'}")
        is_well = is_well and fault is None
    return OK if is_well else FAILED


def _described(error: Exception) -> str | None:
    """Return the line that describes a fault of the platform or of a server; None: it is a bug."""
    if isinstance(error, LanesError):
        return str(error).replace("\n", "; ")
    if not _is_of_a_server(error):
        return None
    line = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return f"{type(error).__name__}: {line}"


def _is_of_a_server(error: Exception) -> bool:
    """Return whether a driver has raised it, whose modules may not be loaded here."""
    return type(error).__module__.partition(".")[0] in ("sqlalchemy", "kafka", "redis", "kombu")


if __name__ == "__main__":
    sys.exit(main())
