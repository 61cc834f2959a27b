"""How Kafka is reached, and the limits of the platform; each with its unit and reason."""

import ssl
from dataclasses import dataclass, fields

from lanes.errors import PlatformError
from lanes.policy import DeadLetterLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """The brokers, how clients log in, and the limits of their waits.

    `security_protocol` is PLAINTEXT, SASL_PLAINTEXT, SSL or SASL_SSL; files are in PEM, and an
    empty `ssl_cafile` means the machine's authorities.
    """

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: str = ""
    ssl_cafile: str = ""
    ssl_certfile: str = ""
    ssl_keyfile: str = ""
    replication: int = 3  # of topics that are created
    min_isr: int = 2
    produce_timeout_s: float = 4.0
    poll_wait_ms: int = 500  # at most: a record that comes ends the wait
    poll_records_max: int = 1_000

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    """Every bound of the platform on what can grow, each above 0.

    Raise PlatformError with a line for each that is not.
    """

    record_bytes_max: int = 64 * 1024  # longer: dead letter
    record_key_bytes_max: int = 256  # ids are short; an index of PostgreSQL takes 2,704
    inbox_backlog_max: int = 200_000  # records; over it the topic's partitions pause
    outbox_backlog_max: int = 20_000  # messages of up to 200 KB
    settle_batch_max: int = 500  # records; keeps a settle's transaction under 0.1 s
    settle_round_s: float = 1.0  # then other lanes get their turn
    claim_after_s: float = 5.0  # older: its workers may be dying of it
    crashes_max: int = 3  # of workers that settle one record alone; then it is a dead letter
    retries_max: int = 5  # after version conflicts
    retry_first_ms: int = 10
    dead_letters_per_lane_max: int = 20  # more, within the window: it is not the records' fault
    dead_letters_per_partition_max: int = 100
    dead_letter_window_s: float = 60.0
    relay_batch_max: int = 500  # messages
    relay_bytes_max: int = 8 * 1024 * 1024
    wakes_waiting_max: int = 2_000
    wake_repeat_s: float = 2.0
    replays_per_record_max: int = 3  # what failed so often needs an operator's look
    replays_per_s: int = 50  # far below what lanes settle: new records come first
    audit_timeout_ms: int = 300_000  # of one statement, which Kafka is read beside
    replay_quiet_s: float = 10.0  # while an acknowledgement may still come

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
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
