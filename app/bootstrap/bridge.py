"""The services of the bridge."""

from functools import cached_property

from app.adapters.kafka.backlog import GroupBacklog
from app.adapters.postgres.backlog import LaneBacklog
from app.adapters.postgres.due import PostgresDueStore
from app.adapters.postgres.lanes import PostgresIntake
from app.bootstrap.clock import utc_now
from app.bootstrap.log import LogContainer
from app.bootstrap.tasks import TaskContainer
from app.protocol.topics import CHAT_MESSAGE, SAVE_GROUP, Topic
from app.services.backlog import BacklogSource
from app.services.due import DueRecords
from app.settings import Settings


class BridgeContainer(LogContainer, TaskContainer):
    """What the pipelines need."""

    intake = PostgresIntake()

    def lane_backlog(self, topic: Topic) -> BacklogSource:
        """How far behind the settling of a topic is."""
        return LaneBacklog(topic, engine=self.engine, limits=self.settings.limits)

    def backlogs(self) -> list[BacklogSource]:
        """How far behind the work on each topic is that gateways put records into."""
        lanes = [self.lane_backlog(lane.topic) for lane in self.lane_topics.values()]
        return [*lanes, GroupBacklog(CHAT_MESSAGE, group=SAVE_GROUP, settings=self.settings)]

    @cached_property
    def due_records(self) -> DueRecords:
        """What the clock puts into the log."""
        return DueRecords(PostgresDueStore(self.engine), utc_now)


def build_bridge_container(settings: Settings) -> BridgeContainer:
    """The services of a bridge; connects to nothing yet."""
    return BridgeContainer(settings, application="bridge")
