"""Clients of Kafka: their settings, with the reason of those that are not obvious."""

from kafka import KafkaAdminClient, KafkaProducer

from lanes.kafka.leaders import METADATA_MS_MAX, keep_newest_leaders
from lanes.kafka.security import client_arguments
from lanes.settings import KafkaSettings
from lanes.topic import DEAD_LETTER_BYTES_MAX

# The client's own 30 s would be added to every outage of the broker.
RECONNECT_MS_MAX = 1_000
# The client gives all of this, by default 30 s, to one of the brokers, drawn at random: when its
# machine is gone, whoever makes the client tries again, and has drawn another one soon.
BOOTSTRAP_MS_MAX = 5_000
# One request at a time is under way, with one batch of a partition: what one auction puts into the
# log while a request is out must fit into the next, or a slow answer limits how much that is.
BATCH_BYTES = 256 * 1024
REQUEST_MS_MIN = 5_000  # a shorter time would cut off what a busy broker answers late


def make_producer(kafka: KafkaSettings, *, name: str) -> KafkaProducer:
    """A producer that keeps order and survives a stalled broker. Blocks while it connects."""
    producer = KafkaProducer(
        **client_arguments(kafka),
        client_id=name,
        acks="all",
        linger_ms=5,
        batch_size=BATCH_BYTES,
        max_request_size=DEAD_LETTER_BYTES_MAX,
        compression_type="lz4",
        delivery_timeout_ms=int(kafka.produce_timeout_s * 1000),
        request_timeout_ms=int(kafka.produce_timeout_s * 1000) - 500,
        # The idempotent mode wedges after a delivery timeout; a doubled append is harmless,
        # because ids are derived.
        enable_idempotence=False,
        max_in_flight_requests_per_connection=1,
        allow_auto_create_topics=False,
        max_block_ms=1_000,
        metrics_enabled=False,
        reconnect_backoff_max_ms=RECONNECT_MS_MAX,
        metadata_max_age_ms=METADATA_MS_MAX,
        bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
    )
    keep_newest_leaders(producer._metadata)  # noqa: SLF001 - it has no other seam
    return producer


def make_admin(
    kafka: KafkaSettings, *, timeout_ms: int, request_ms_min: int = 0
) -> KafkaAdminClient:
    """A client for questions about the cluster; each is given up after so long, but not before
    `request_ms_min`, and connecting after `timeout_ms`.

    Blocks while it connects. Raises KafkaError.
    """
    return KafkaAdminClient(
        **client_arguments(kafka),
        bootstrap_timeout_ms=timeout_ms,
        request_timeout_ms=max(timeout_ms, request_ms_min),
    )
