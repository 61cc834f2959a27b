"""Consumers: manual commits, short waits, sticky assignment, a short session."""

from typing import Any

from kafka import KafkaConsumer
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import Cancelled, KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError

from lanes.kafka.connect import BOOTSTRAP_MS_MAX, RECONNECT_MS_MAX
from lanes.kafka.leaders import METADATA_MS_MAX, keep_newest_leaders
from lanes.kafka.security import client_arguments
from lanes.settings import KafkaSettings

# After a SIGKILL the group waits this long for the dead member before others take over.
SESSION_TIMEOUT_MS = 6_000
# A commit to a coordinator whose machine is gone holds the pipeline for so long, by the client's
# default for 30 s. A broker that lives answers in milliseconds, or ends the session before.
REQUEST_TIMEOUT_MS = 8_000
UNANSWERED = (Cancelled, KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError)


def make_consumer(kafka: KafkaSettings, *, group: str, name: str) -> KafkaConsumer:
    """A consumer of `group`, subscribed to nothing yet; offsets are committed by the caller."""
    consumer = KafkaConsumer(
        **client_arguments(kafka),
        group_id=group,
        client_id=name,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        fetch_max_wait_ms=kafka.poll_wait_ms,
        max_poll_records=kafka.poll_records_max,
        session_timeout_ms=SESSION_TIMEOUT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        heartbeat_interval_ms=SESSION_TIMEOUT_MS // 3,
        partition_assignment_strategy=(StickyPartitionAssignor,),
        metrics_enabled=False,
        reconnect_backoff_max_ms=RECONNECT_MS_MAX,
        metadata_max_age_ms=METADATA_MS_MAX,
        bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
    )
    keep_newest_leaders(consumer._cluster)  # noqa: SLF001 - it has no other seam
    _finish_rejoin(consumer)
    _leave_dead_coordinators(consumer)
    fetch_no_leftovers(consumer._fetcher)  # noqa: SLF001 - it has no other seam
    return consumer


def _finish_rejoin(consumer: KafkaConsumer) -> None:
    """Let a poll that ran out of time while the member rejoined be followed by one that ends it.

    A rejoin for newer metadata is needed no longer as soon as the assignment is made; when `poll`
    came back before the group had synced, the next one leaves it there, and the member gets
    neither partitions nor heartbeats for ever after.
    """
    coordinator = consumer._coordinator  # noqa: SLF001 - it has no other seam
    is_needed = coordinator.need_rejoin
    coordinator.need_rejoin = lambda: is_needed() or coordinator.rejoining


def _leave_dead_coordinators(consumer: KafkaConsumer) -> None:
    """Let a member that cannot join look up the coordinator of its group again.

    The client does so after a failed heartbeat or commit, and after a refused connection, but not
    when joining fails. When an address accepts connections and never answers, as that of a frozen
    broker or of a proxy whose broker is down, it retries until that broker is back, though another
    one has taken the group over.
    """
    coordinator = consumer._coordinator  # noqa: SLF001 - it has no other seam
    join = coordinator._do_join_and_sync_async  # noqa: SLF001

    async def join_or_forget_coordinator() -> bytes:
        try:
            assignment: bytes = await join()
        except UNANSWERED as error:
            coordinator.coordinator_dead(error)
            raise
        return assignment

    coordinator._do_join_and_sync_async = join_or_forget_coordinator  # noqa: SLF001


def fetch_no_leftovers(fetcher: Any) -> None:  # noqa: ANN401 - the client has no types
    """Let a poll ask for no more while records that came before lie here.

    The client asks for more after a poll that found some: the answer holds the few records that are
    there by then, lies here until the next poll, and what came meanwhile waits for the one after
    that. Once in that state, whoever pauses between polls is behind by two pauses as long as
    records come.

    It also asks when an answer comes between looking for one and asking, as happens when the poll
    before ended early, for a heartbeat: the request then names only the partitions without records
    here, and the poll waits for its answer, with records in hand, until `fetch_max_wait_ms` is over
    or one of those other partitions has a record.
    """
    drain, fetch = fetcher.fetched_records, fetcher.send_fetches
    send = fetcher._send_fetches_async  # noqa: SLF001 - it has no other seam
    has_found = False

    def drain_and_remember(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the client's
        nonlocal has_found
        records, is_partial = drain(*arguments, **options)
        has_found = bool(records)
        return records, is_partial

    async def send_unless_answered() -> Any:  # noqa: ANN401 - the client's
        # On the client's own thread, which takes the answers: none can come while this runs.
        return [] if fetcher._completed_fetches else await send()  # noqa: SLF001 - as above

    fetcher.fetched_records = drain_and_remember
    fetcher.send_fetches = lambda: None if has_found else fetch()
    fetcher._send_fetches_async = send_unless_answered  # noqa: SLF001 - as above
