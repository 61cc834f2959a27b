"""The services of a process of lists: the house's, but for its topics."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from app.bootstrap import Container
from app.protocol.topics import Topic, dead_letter_topic
from app.services.auditing.ports import Audit
from app.services.lanes import LaneTopic
from app.settings import Settings
from tests.platform.lists import lane_topic, lists_topic


class ListsContainer(Container):
    """Knows one lane topic, the one of lists."""

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic]:
        """The topic that the environment names."""
        topic = lists_topic()
        return {topic.name: lane_topic(topic)}

    def make_audits(self, journals: Sequence[Path]) -> list[Audit]:
        """There are no auctions and no chat, and nobody is told anything."""
        return []

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """It, and where its dead letters go."""
        topic = lists_topic()
        return (topic, dead_letter_topic(topic))


def make_container(settings: Settings, *, application: str) -> ListsContainer:
    """The services of this process; connects to nothing yet."""
    return ListsContainer(settings, application=application)
