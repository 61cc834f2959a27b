"""A task platform over Kafka and Celery: the records of a key in order, each once, none lost.

These are its public names; those of an audit are in `lanes.audit`. Each is loaded when it is first
used, so that a process imports only what it runs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what __getattr__ finds, for type checkers
    from lanes.backlog import Backlog as Backlog
    from lanes.backlog import BacklogSource as BacklogSource
    from lanes.backlog import Watermark as Watermark
    from lanes.codec import Message as Message
    from lanes.codec import Record as Record
    from lanes.dead_letter import PLATFORM_REASONS as PLATFORM_REASONS
    from lanes.dead_letter import UNDECODABLE as UNDECODABLE
    from lanes.dead_letter_list import DeadLetterList as DeadLetterList
    from lanes.dead_letter_list import DeadLetterSelection as DeadLetterSelection
    from lanes.dead_letter_list import StoredDeadLetter as StoredDeadLetter
    from lanes.dead_letter_list import StoredReplay as StoredReplay
    from lanes.dead_letter_list import payload_text as payload_text
    from lanes.dead_letter_list import select_named as select_named
    from lanes.errors import AlreadyParkedError as AlreadyParkedError
    from lanes.errors import BadDataError as BadDataError
    from lanes.errors import BadRecordError as BadRecordError
    from lanes.errors import FutureVersionError as FutureVersionError
    from lanes.errors import GoneError as GoneError
    from lanes.errors import LanesError as LanesError
    from lanes.errors import NotFoundError as NotFoundError
    from lanes.errors import OutageError as OutageError
    from lanes.errors import PlatformError as PlatformError
    from lanes.errors import RecordTooLargeError as RecordTooLargeError
    from lanes.errors import RetryLater as RetryLater
    from lanes.errors import StoppedError as StoppedError
    from lanes.errors import UnacknowledgedError as UnacknowledgedError
    from lanes.errors import UnknownLaneError as UnknownLaneError
    from lanes.errors import UnusableDatabaseError as UnusableDatabaseError
    from lanes.errors import VersionConflictError as VersionConflictError
    from lanes.handler import LaneHandler as LaneHandler
    from lanes.handler import LaneTopic as LaneTopic
    from lanes.handler import Settlement as Settlement
    from lanes.parking import Parked as Parked
    from lanes.platform import Platform as Platform
    from lanes.policy import DeadLetterLimit as DeadLetterLimit
    from lanes.ports import Begin as Begin
    from lanes.record import InboxRecord as InboxRecord
    from lanes.record import OutboxMessage as OutboxMessage
    from lanes.record import RawRecord as RawRecord
    from lanes.record import RecordsByKey as RecordsByKey
    from lanes.record_processor import RecordHandler as RecordHandler
    from lanes.replay import Replayer as Replayer
    from lanes.replay import ReplayOrder as ReplayOrder
    from lanes.replay import ReplayResult as ReplayResult
    from lanes.settings import KafkaSettings as KafkaSettings
    from lanes.settings import LaneLimits as LaneLimits
    from lanes.time import epoch_ms as epoch_ms
    from lanes.time import from_epoch_ms as from_epoch_ms
    from lanes.topic import DEAD_LETTER_SUFFIX as DEAD_LETTER_SUFFIX
    from lanes.topic import Topic as Topic
    from lanes.topic import dead_letter_topic as dead_letter_topic
    from lanes.tracing import Span as Span
    from lanes.tracing import Stage as Stage
    from lanes.wake import Waker as Waker

_NAMES = {
    "lanes.backlog": ("Backlog", "BacklogSource", "Watermark"),
    "lanes.codec": ("Message", "Record"),
    "lanes.dead_letter": ("PLATFORM_REASONS", "UNDECODABLE"),
    "lanes.dead_letter_list": (
        "DeadLetterList",
        "DeadLetterSelection",
        "StoredDeadLetter",
        "StoredReplay",
        "payload_text",
        "select_named",
    ),
    "lanes.errors": (
        "AlreadyParkedError",
        "BadDataError",
        "BadRecordError",
        "FutureVersionError",
        "GoneError",
        "LanesError",
        "NotFoundError",
        "OutageError",
        "PlatformError",
        "RecordTooLargeError",
        "RetryLater",
        "StoppedError",
        "UnacknowledgedError",
        "UnknownLaneError",
        "UnusableDatabaseError",
        "VersionConflictError",
    ),
    "lanes.handler": ("LaneHandler", "LaneTopic", "Settlement"),
    "lanes.parking": ("Parked",),
    "lanes.platform": ("Platform",),
    "lanes.policy": ("DeadLetterLimit",),
    "lanes.ports": ("Begin",),
    "lanes.record": ("InboxRecord", "OutboxMessage", "RawRecord", "RecordsByKey"),
    "lanes.record_processor": ("RecordHandler",),
    "lanes.replay": ("ReplayOrder", "ReplayResult", "Replayer"),
    "lanes.settings": ("KafkaSettings", "LaneLimits"),
    "lanes.time": ("epoch_ms", "from_epoch_ms"),
    "lanes.topic": ("DEAD_LETTER_SUFFIX", "Topic", "dead_letter_topic"),
    "lanes.tracing": ("Span", "Stage"),
    "lanes.wake": ("Waker",),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = found
    return found
