"""The composition root: the one place where adapters are picked and services get their ports.

Everything is built on first use, so that each process connects to no more than it needs, and
never before its fork.
"""

from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Engine

from app.adapters.postgres.engine import make_engine
from app.settings import Settings


def utc_now() -> datetime:
    """The wall clock, for everything that does not decide."""
    return datetime.now(UTC)


class Container:
    """All services of one process; `application` names it to the servers it connects to."""

    def __init__(self, settings: Settings, *, application: str) -> None:
        self.settings = settings
        self.application = application

    @cached_property
    def engine(self) -> Engine:
        """PostgreSQL."""
        return make_engine(
            self.settings.database_url, application=self.application, limits=self.settings.limits
        )


def build_container(settings: Settings, *, application: str) -> Container:
    """The services of this process; connects to nothing yet."""
    return Container(settings, application=application)
