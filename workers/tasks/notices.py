"""`publish_notices()`: unpublished notices → the gateways. Hastened by settle, swept by beat."""

import msgspec
import structlog
from celery import Celery

from app.adapters.postgres.publishing import claim_notices
from app.bootstrap.other import OtherContainer
from app.domain.errors import BusyError
from app.protocol.channels import notice_channel
from app.protocol.tasks import PUBLISH_NOTICES_TASK

BATCH_MAX = 500
SWEEP_S = 5.0

log = structlog.get_logger()


def register_publish_notices(app: Celery, container: OtherContainer) -> None:
    """Add the task to `app`, and its sweep to the beat."""

    @app.task(name=PUBLISH_NOTICES_TASK)
    def publish_notices() -> None:
        """Publish all unpublished notices."""
        container.notice_waker.clear_flag()
        try:
            while publish_batch(container) == BATCH_MAX:
                pass
        except BusyError as error:  # the database may not be used; the next sweep tries again
            log.warning("notices_deferred", error=str(error))

    app.conf.beat_schedule = {
        **app.conf.beat_schedule,
        PUBLISH_NOTICES_TASK: {"task": PUBLISH_NOTICES_TASK, "schedule": SWEEP_S},
    }


def publish_batch(container: OtherContainer) -> int:
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
