"""The services of workers that settle bids."""

from functools import cached_property

from celery import Celery
from sqlalchemy import Connection

from app.bootstrap.wake import WakeContainer
from app.settings import Settings
from lanes.postgres.claims import PostgresClaims
from lanes.settle import LaneSettler, make_settler


class BidsContainer(WakeContainer):
    """Settling."""

    @cached_property
    def settler(self) -> LaneSettler[Connection]:
        """Settles lanes."""
        return make_settler(
            begin=self.begin,
            lanes=self.lanes,
            claims=PostgresClaims(),
            dead_letters=self.dead_letters,
            waker=self.waker,
            limits=self.settings.limits,
        )


def build_bids_container(settings: Settings, celery: Celery) -> BidsContainer:
    """The services of a worker of bids, which sends tasks by `celery`; connects to nothing yet."""
    container = BidsContainer(settings, application="worker")
    container.celery = celery
    return container
