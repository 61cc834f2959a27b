"""Questions about consumer groups, which the coordinator of a group answers."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Final, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)

from lanes.kafka.connect import REQUEST_MS_MIN, make_admin
from lanes.settings import KafkaSettings

T = TypeVar("T")

AGAIN_S: Final = 0.5
# What a broker that has just started answers.
NOT_YET: Final = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,  # one that never had a group creates the coordinators now
    NotCoordinatorError,
)


def ask_coordinator(
    kafka: KafkaSettings, question: Callable[[KafkaAdminClient], T], *, timeout_ms: int
) -> T:
    """Return what `question` answers, asked again while the group has no coordinator.

    Raise KafkaError, after `timeout_ms` that there is still none.
    """
    gives_up_at = time.monotonic() + timeout_ms / 1000
    while True:
        try:
            # A new client each time: one remembers a coordinator that has moved.
            with closing(
                make_admin(kafka, timeout_ms=timeout_ms, request_ms_min=REQUEST_MS_MIN)
            ) as admin:
                return question(admin)
        except NOT_YET:
            if time.monotonic() > gives_up_at:
                raise
            time.sleep(AGAIN_S)
