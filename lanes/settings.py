"""The settings of a platform: its servers, how Kafka is reached, and its limits.

Each is declared once, with its default, unit and meaning: `lanes/configuration.py` reads them from
the environment, and makes docs/lanes/configuration.md of them.
"""

import ssl
from typing import Annotated

from msgspec import Meta, Struct

from lanes.errors import PlatformError
from lanes.policy import DeadLetterLimit
from lanes.postgres.schema_name import SCHEMA


def _of(meaning: str) -> Meta:
    return Meta(description=meaning)


def _above_0(meaning: str) -> Meta:
    return Meta(gt=0, description=meaning)


class ServerSettings(Struct, frozen=True, kw_only=True):
    """Where PostgreSQL and Redis are."""

    database_url: Annotated[
        str, _of("PostgreSQL; a URL with two hosts, as libpq has them, follows a failover")
    ]
    redis_url: Annotated[str, _of("Redis for the flags of wake-ups, which may be lost at any time")]
    celery_broker_url: Annotated[
        str | None, _of("the broker of Celery, a Redis; by default that of `REDIS_URL`")
    ] = None
    lanes_schema: Annotated[
        str,
        _of(
            "the schema of the platform's tables; two platforms may share a database, each with a "
            "schema and a Redis database of its own"
        ),
    ] = SCHEMA


class KafkaSettings(Struct, frozen=True, kw_only=True):
    """The brokers, how clients log in, and the limits of their waits."""

    bootstrap_servers: Annotated[str, _of("addresses of brokers, separated by commas")]
    security_protocol: Annotated[str, _of("`PLAINTEXT`, `SASL_PLAINTEXT`, `SSL` or `SASL_SSL`")] = (
        "PLAINTEXT"
    )
    sasl_mechanism: Annotated[str, _of("`SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`")] = (
        "SCRAM-SHA-512"
    )
    sasl_username: Annotated[str, _of("for the `SASL` protocols")] = ""
    sasl_password: Annotated[str, _of("for the `SASL` protocols")] = ""
    ssl_cafile: Annotated[
        str, _of("in PEM, who signs the brokers' certificates; empty: the machine's authorities")
    ] = ""
    ssl_certfile: Annotated[str, _of("in PEM, the certificate that a client shows")] = ""
    ssl_keyfile: Annotated[str, _of("in PEM, its key")] = ""
    replication: Annotated[int, _above_0("copies of the topics that are created")] = 3
    min_isr: Annotated[
        int, _above_0("how many of them must have a record before it is acknowledged")
    ] = 2
    produce_timeout_s: Annotated[
        float, _above_0("wait for an acknowledgement; then it is unknown whether Kafka has it")
    ] = 4.0
    poll_wait_ms: Annotated[
        int, Meta(ge=0, description="wait for records at most; one that comes ends the wait")
    ] = 500
    poll_records_max: Annotated[int, _above_0("records read at once")] = 1_000

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return the TLS context that checks Kafka's certificate and shows ours; None without TLS.

        Raise OSError, ssl.SSLError among them, for files that cannot be used.
        """
        if not self.security_protocol.endswith("SSL"):
            return None
        context = ssl.create_default_context(cafile=self.ssl_cafile)
        if self.ssl_certfile:
            context.load_cert_chain(
                self.ssl_certfile,
                self.ssl_keyfile,
                password=lambda: "",  # otherwise OpenSSL asks the terminal
            )
        return context


class LaneLimits(Struct, frozen=True, kw_only=True):
    """Every bound of the platform on what can grow, each above 0.

    Raise PlatformError with a line for each that is not.
    """

    record_bytes_max: Annotated[
        int, _above_0("of a record's value; a longer one is a dead letter")
    ] = 64 * 1024
    record_key_bytes_max: Annotated[
        int, _above_0("of a record's key; an index of PostgreSQL takes 2,704")
    ] = 256
    inbox_backlog_max: Annotated[
        int, _above_0("records of a topic in the inbox; over it its partitions pause")
    ] = 200_000
    outbox_backlog_max: Annotated[
        int, _above_0("messages in the outbox, of up to 200 KB each; over it all partitions pause")
    ] = 20_000
    settle_batch_max: Annotated[
        int, _above_0("records of a lane settled at once; keeps the transaction under 0.1 s")
    ] = 500
    settle_round_s: Annotated[
        float, _above_0("how long a task settles; then other lanes get their turn")
    ] = 1.0
    claim_after_s: Annotated[
        float, _above_0("after a wait of this, workers claim a lane: they may be dying of it")
    ] = 5.0
    crashes_max: Annotated[
        int, _above_0("workers that die settling one record alone; then it is a dead letter")
    ] = 3
    retries_max: Annotated[int, _above_0("retries after version conflicts")] = 5
    retry_first_ms: Annotated[int, _above_0("pause before the first retry")] = 10
    dead_letters_per_lane_max: Annotated[
        int, _above_0("dead letters in the window; more park the lane: the code is at fault")
    ] = 20
    dead_letters_per_partition_max: Annotated[
        int, _above_0("dead letters in the window; more park the lane or the partition")
    ] = 100
    dead_letter_window_s: Annotated[float, _above_0("the window of both")] = 60.0
    relay_batch_max: Annotated[int, _above_0("messages sent at once")] = 500
    relay_bytes_max: Annotated[
        int, _above_0("bytes sent at once; one settle's message may be 200 KB")
    ] = 8 * 1024 * 1024
    wakes_waiting_max: Annotated[
        int, _above_0("wake-ups that wait at the broker; over it the sweep sends none")
    ] = 2_000
    wake_repeat_s: Annotated[
        float, _above_0("how long a lane waits before the sweep wakes it, and then again")
    ] = 2.0
    replays_per_record_max: Annotated[
        int, _above_0("replays of a record; what failed so often needs an operator's look")
    ] = 3
    replays_per_s: Annotated[
        int, _above_0("records replayed, far fewer than lanes settle: new ones come first")
    ] = 50
    audit_timeout_ms: Annotated[
        int, _above_0("how long one statement of an audit may take, which reads Kafka beside it")
    ] = 300_000
    replay_quiet_s: Annotated[
        float, _above_0("how long an acknowledgement of a replay may still come")
    ] = 10.0

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in LaneLimits.__struct_fields__}
        faults = [
            f"limits: {name}: {value} is not above 0"
            for name, value in given.items()
            if not value > 0  # nor is NaN
        ]
        if faults:
            raise PlatformError("\n".join(faults))

    @property
    def dead_letter_limit(self) -> DeadLetterLimit:
        """The limit of dead letters."""
        return DeadLetterLimit(
            per_lane=self.dead_letters_per_lane_max,
            per_partition=self.dead_letters_per_partition_max,
            window_s=self.dead_letter_window_s,
        )
