"""The services of the bridge."""

from functools import cached_property

from app.adapters.postgres.due import PostgresDueStore
from app.bootstrap.clock import utc_now
from app.bootstrap.log import LogContainer
from app.bootstrap.wake import WakeContainer
from app.protocol.topics import CHAT_MESSAGE, SAVE_GROUP
from app.services.due import DueRecords
from app.settings import Settings
from lanes import BacklogSource, Topic
from lanes.kafka.backlog import GroupBacklog
from lanes.pipelines.runner import StepTimes
from lanes.postgres.backlog import LaneBacklog
from lanes.postgres.lanes import PostgresInboxWriter


class BridgeContainer(LogContainer, WakeContainer):
    """The services of the pipelines."""

    inbox_writer = PostgresInboxWriter()

    @cached_property
    def step_times(self) -> StepTimes:
        """When the steps of this process's pipelines ended."""
        return StepTimes()

    def lane_backlog(self, topic: Topic) -> BacklogSource:
        """The backlog of a topic whose records are settled."""
        return LaneBacklog(topic, engine=self.engine, limits=self.settings.limits)

    def backlogs(self) -> list[BacklogSource]:
        """The backlogs of the topics that gateways append to."""
        lanes = [self.lane_backlog(lane.topic) for lane in self.lane_topics.values()]
        chat = GroupBacklog(
            CHAT_MESSAGE,
            group=SAVE_GROUP,
            records_max=self.settings.limits.chat_backlog_max,
            kafka=self.settings.kafka,
        )
        return [*lanes, chat]

    @cached_property
    def due_records(self) -> DueRecords:
        """The records that the clock appends."""
        return DueRecords(PostgresDueStore(self.engine), utc_now)


def build_bridge_container(settings: Settings) -> BridgeContainer:
    """The services of a bridge; connects to nothing yet."""
    return BridgeContainer(settings, application="bridge")
