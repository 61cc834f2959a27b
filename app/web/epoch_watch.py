"""A gateway process serves one epoch of the database: its caches belong to that one."""

import os
import signal

import gevent
import structlog

from app.bootstrap.gateway import WebContainer
from app.domain.errors import BusyError
from app.services.epochs import OlderDatabaseError

CHECK_S = 1.0  # a database that comes back is looked at before others have bid on it for long

log = structlog.get_logger()


def watch_epoch(container: WebContainer) -> None:
    """Ask the database once a second; end the process when it was restored.

    gunicorn's master starts another one, which knows no auction, no session and no socket of the
    time before. It takes nothing until the database is admitted.
    """
    served: str | None = None
    while True:
        try:
            container.check_database()
            found: str | None = container.guard.epoch.name
        except OlderDatabaseError:
            found = None
        except BusyError:  # away: what is known of it is still true
            found = served
        if served is not None and found != served:
            log.warning("gateway_restarts_for_database", epoch=found)
            os.kill(os.getpid(), signal.SIGTERM)
            return
        served = found
        gevent.sleep(CHECK_S)
