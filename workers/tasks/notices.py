"""`publish_notices()`: unpublished notices → the gateways. Hastened by settle, swept by beat."""

import msgspec
import structlog
from celery import Celery

from app.adapters.postgres.publishing import claim_notices
from app.bootstrap.container import Container
from app.bootstrap.tasks import TaskContainer
from app.domain.errors import BusyError
from app.protocol.channels import notice_channel
from app.protocol.tasks import PUBLISH_NOTICES_TASK
from app.settings import Settings

BATCH_MAX = 500

log = structlog.get_logger()


def register(app: Celery, settings: Settings) -> Container:
    """Add the task to `app`; return its services."""
    container = TaskContainer(settings, application="worker")

    @app.task(name=PUBLISH_NOTICES_TASK)
    def publish_notices() -> None:
        """Publish all unpublished notices."""
        container.notice_waker.clear_flag()
        try:
            while publish_batch(container) == BATCH_MAX:
                pass
        except BusyError as error:  # the database may not be used; the next sweep tries again
            log.warning("notices_deferred", error=str(error))

    return container


def publish_batch(container: Container) -> int:
    """Publish one batch; return how many there were.

    Published before the commit: a notice may come twice, recognised by its id; it is never lost.
    """
    with container.engine.begin() as connection:
        notices = claim_notices(connection, limit=BATCH_MAX)
        pipe = container.fanout.pipeline(transaction=False)
        for notice in notices:
            pipe.publish(notice_channel(notice.user_id), msgspec.json.encode(notice))
        pipe.execute()
    return len(notices)
