"""What the processes of Celery do beside their tasks: logs, traces, metrics, connections."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from celery import Celery
from celery.signals import (
    after_task_publish,
    beat_init,
    celeryd_init,
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
)
from click import Option

from app.adapters.postgres.pools import measure_pools
from app.bootstrap.container import Container
from app.bootstrap.tasks import make_house_celery
from app.domain.errors import BusyError
from app.observability.bid_log import set_sample
from app.observability.exporting import ExporterError, start_exporter
from app.observability.logging import configure_logging
from app.observability.process import start_sampling
from app.observability.tracing import configure_tracing
from app.settings import REFUSED, Settings, settings_or_exit
from app.unfit_stores import refuse_unfit_stores
from lanes.tracing import TracingError, stop_tracing

HTTP = "http"  # the option `--http`


def prepare_settings() -> Settings:
    """Return the settings. End with code 2 and a line for each fault when the process cannot run.

    From here on logs are JSON, before Celery's own commands say anything: Flower, which has no
    signal for it, and warnings.
    """
    settings = settings_or_exit()
    configure_logging(settings.log_level, process=_process(settings))
    refuse_unfit_stores(settings)
    return settings


def make_application(settings: Settings) -> Celery:
    """Return the application, without tasks: its processes write logs, traces and metrics."""
    app = make_house_celery(settings)
    _prepare_processes(settings)
    _prepare_beat(settings)
    app.user_options["worker"].add(
        Option(("--http",), metavar="HOST:PORT", help="serve the metrics of this machine there")
    )
    return app


def use_containers(settings: Settings, containers: Sequence[Container]) -> None:
    """Let the processes of a worker, forked or not, use these services, which have not connected
    yet."""
    for container in containers:
        container.guard_database()

    @worker_process_init.connect(weak=False)
    def _forget_inherited_connections(**_: object) -> None:
        """Connections do not survive a fork; each child opens its own."""
        for container in containers:
            container.engine.dispose(close=False)

    @worker_init.connect(weak=False)
    @worker_process_init.connect(weak=False)
    def _sample(**_: object) -> None:
        checks = [partial(_check_database, container) for container in containers]
        start_sampling(_process(settings), [measure_pools, *checks])


def _start_exporter(bind: str) -> None:
    try:
        start_exporter(bind)
    except ExporterError as error:
        print(error, file=sys.stderr)
        raise SystemExit(REFUSED) from error  # Celery ignores any other exception


def _prepare_beat(settings: Settings) -> None:
    """Let beat touch its file with each task that it sends."""

    @beat_init.connect(weak=False)
    def _show_life(**_: object) -> None:
        start_sampling(_process(settings), [measure_pools])
        if settings.beat_alive_file:
            file = Path(settings.beat_alive_file)
            after_task_publish.connect(lambda **_: file.touch(), weak=False)


def _check_database(container: Container) -> None:
    """Connect, so that an idle worker logs what to run after a restore."""
    with suppress(BusyError):
        container.check_database()


def _process(settings: Settings) -> str:
    return settings.process_name or "worker"


def _prepare_processes(settings: Settings) -> None:
    @setup_logging.connect(weak=False)
    def _configure_logging(**_: object) -> None:
        configure_logging(settings.log_level, process=_process(settings))
        set_sample(every=settings.bid_log_every, steps_per_s=settings.bid_log_steps_per_s)

    @celeryd_init.connect(weak=False)
    def _serve_metrics(options: Mapping[str, object], **_: object) -> None:
        if options.get(HTTP) is not None:
            _start_exporter(str(options[HTTP]))

    @worker_init.connect(weak=False)
    def _begin(**_: object) -> None:
        """Before the pool forks: children inherit it, and the SDK begins anew in each."""
        try:
            configure_tracing(settings, process="worker")
        except TracingError as error:
            print(error, file=sys.stderr)
            raise SystemExit(REFUSED) from error

    @worker_shutdown.connect(weak=False)
    @worker_process_shutdown.connect(weak=False)
    def _stop_tracing(**_: object) -> None:
        stop_tracing()
