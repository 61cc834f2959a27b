"""The services of the processes of lists: the application's, with other topics."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection

from app.bootstrap.bids import BidsContainer
from app.bootstrap.bridge import BridgeContainer
from app.bootstrap.lanes import LaneContainer
from app.bootstrap.log import LogContainer
from app.bootstrap.operator import OperatorContainer
from lanes.audit.ports import Audit
from lanes.handler import LaneTopic
from lanes.topic import Topic, dead_letter_topic
from tests.platform.lists import lane_topic, lists_topic


class _Lists(LaneContainer):
    """Knows one lane topic, the one of lists."""

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic[Connection]]:
        """The topic that the environment names."""
        topic = lists_topic()
        return {topic.name: lane_topic(topic)}


class _ListsLog(_Lists, LogContainer):
    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """The topic of lists, and where its dead letters go."""
        topic = lists_topic()
        return (topic, dead_letter_topic(topic))


class ListsWorker(_Lists, BidsContainer):
    """Of a worker."""


class ListsBridge(_ListsLog, BridgeContainer):
    """Of a bridge."""


class ListsOperator(_ListsLog, OperatorContainer):
    """Of a command of operators."""

    def make_audits(self, journals: Sequence[Path]) -> list[Audit[Connection]]:
        """There are no auctions and no chat, and nothing is published."""
        return []
