"""All settings and limits, read from the environment once; every fault is reported at once.

Names in the environment are the field names in capitals. Secrets have no default. Every setting may
be in a file that `NAME_FILE` names, as container platforms hand out secrets.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from app.domain.errors import InvalidError
from app.protocol.validation import parse
from app.provider_settings import (
    GOOGLE_ISSUER,
    KAKAO_API_URL,
    KAKAO_ISSUER,
    NAVER_API_URL,
    NAVER_URL,
    provider_faults,
)
from app.store_security import security_faults
from lanes import KafkaSettings, LaneLimits

S = TypeVar("S", bound=Struct)

Url = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
PerSecond = Annotated[float, Meta(gt=0)]
KafkaProtocol = Literal["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"]
KafkaMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]
# How long old rows are kept; a century (36500) is for ever. At least a day longer than Kafka
# keeps chat, because the stores must have the messages that the topic still has (I14).
Days = Annotated[int, Meta(ge=8, le=36_500)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
OtlpProtocol = Literal["http/protobuf"]
TracesSampler = Literal[
    "", "always_on", "always_off", "traceidratio",
    "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
]  # fmt: skip


REFUSED = 2  # the exit code of a process whose settings are wrong


KAFKA = KafkaSettings(bootstrap_servers="")  # for its defaults


class Limits(LaneLimits, frozen=True, kw_only=True):
    """Every bound on what can grow, with its unit and reason: those of the platform, and ours."""

    # Sockets
    frame_bytes_max: Count = 32 * 1024  # 2,000 characters of chat, escaped: 12 bytes each
    bid_frame_bytes_max: Count = 4 * 1024  # a bid has six short fields
    subscriptions_per_socket_max: Count = 64
    sockets_per_user_max: Count = 5  # a person's devices and tabs
    sockets_per_gateway_max: Count = 6_000  # 38 KB each, and greenlets
    queue_bytes_max: Count = 256 * 1024  # a client this far behind does not read
    queue_frames_max: Count = 512
    write_stall_s: Seconds = 5.0
    frames_per_s_max: Count = 20  # of any kind: control frames and fragments too
    bytes_per_s_max: Count = 64 * 1024  # two of the longest frames; a bid has 150 bytes
    frames_over_rate_s: Seconds = 3.0  # patience before 4013
    auth_timeout_s: Seconds = 10.0
    # Per user, over all sockets: people type slower, and a page that reconnects sends a few.
    chat_messages_per_s: PerSecond = 1.0
    chat_messages_burst: Count = 5
    ping_s: Count = 25
    pong_timeout_s: Seconds = 8.0
    pending_frames_max: Count = 64  # per socket, that wait for a store: a page's subscriptions
    store_reads_per_socket_max: Count = 4  # under way, per kind of frame: others read beside them
    # Fan-out
    states_per_s_max: Count = 5  # per auction: the eye sees no more
    prices_per_s_max: Count = 1
    presence_s: Count = 5
    snapshot_bids: Count = 20
    room_tail_messages: Count = 300
    # Bid path
    produce_timeout_s: Seconds = KAFKA.produce_timeout_s
    wait_outcome_s: Seconds = 5.0
    poll_records_max: Count = KAFKA.poll_records_max
    poll_wait_ms: Count = KAFKA.poll_wait_ms
    log_queue_bytes_max: Count = 32 * 1024 * 1024  # per topic: the client's own has no bound
    receipt_log_bytes_max: Count = 4 * 1024 * 1024  # that wait for a reader: ten seconds of 2,000/s
    log_stall_s: Seconds = 2.0  # half of produce_timeout_s: what follows would be unknown too
    # Backlogs of one topic: over them its partitions pause and gateways say BUSY
    chat_backlog_max: Count = 50_000
    # After this time `/readyz` answers 503. Work resumes within it after a fault, so a
    # longer pause is a lasting fault; a restart of the bridge takes less.
    unanswered_s_max: Seconds = 30.0
    # Replay
    replays_looked_at_max: Count = 1_000  # by one request, which should end in seconds
    # Growth (docs/growth.md). Bids and decisions are moved to the archive, the rest is deleted.
    history_days: Days = 90  # after an auction's end: as long as the longest auction
    notice_days: Days = 180
    chat_days: Days = 365
    dead_letter_days: Days = 90  # of chat and events, when replayed; those of bids are kept
    housekeeping_s: Seconds = 60.0
    housekeeping_batch_rows: Count = 2_000  # keeps a transaction, and the locks it has, short
    housekeeping_rows_max: Count = 200_000  # a run, of each kind: 3,300 a second, as bids come
    # After a restore: how many ids each sequence skips, for those that Kafka does not name, and how
    # far beyond the last issued one an id in Kafka may be; a higher one is forged
    restore_ids_skipped: Count = 10_000_000
    restore_ids_ahead_max: Count = 1_000_000_000
    # Databases
    statement_timeout_ms: Count = 5_000
    lock_timeout_ms: Count = 2_000
    idle_transaction_ms: Count = 10_000  # the locks of a frozen process block its successor
    connect_timeout_s: Count = 3
    read_timeout_s: Count = 5
    pool_connections: Count = 3  # per process: twenty in all
    # Guests' reads have their own connections, so that guests take none from bids and signed-in
    # users: two, because one may be busy with a slow search. A guest who waits longer gets BUSY.
    guest_pool_connections: Count = 2
    guest_pool_wait_s: Seconds = 1.0
    # The maximum age of a guest's snapshot after a change without an event (a product's name).
    snapshot_ttl_s: Seconds = 0.25
    chat_pool_connections: Count = 1  # a gateway's own for rooms, so that bids keep theirs
    # A gateway's call of a store: connecting, waiting for a connection and reading together
    store_timeout_s: Seconds = 2.0  # a client waits for the answer
    store_pause_s: Seconds = 1.0  # before a store that did not answer is called again
    # The right to bid (rule 20). The default bid limits in minor units, until an admin sets others:
    # so low that a free account cannot end an auction.
    bid_limit_krw: Count = 2_000_000
    bid_limit_jpy: Count = 200_000
    bid_limit_usd: Count = 150_000
    bid_limit_eur: Count = 150_000
    rights_ttl_s: Seconds = 60.0  # how long a missed change stays unnoticed
    # Refused or undecided bids of a user on one auction
    futile_bids_per_minute: Count = 20
    blocks_per_seller_max: Count = 1_000  # a limit on the rows of one seller
    # Users
    access_token_s: Count = 600
    access_token_leeway_s: Count = 5  # gateways' clocks differ, one issues what another reads
    refresh_token_s: Count = 30 * 24 * 3600
    refresh_reuse_s: Seconds = 10.0  # two tabs, a lost answer: wire.md
    sessions_per_user_max: Count = 20  # a user's devices; above it the least recently used ends
    logins_per_minute: Count = 10  # per address
    signups_per_hour: Count = 10  # per address
    # Mails: how long their links are valid, and how often a user gets one, because another user may
    # have requested it: a minute apart, and a few a day
    proof_token_s: Count = 48 * 3600  # a week-end
    reset_token_s: Count = 3600  # short, because it gives access to the account
    mail_pause_s: Count = 60
    mails_per_day_max: Count = 5
    mail_calls_per_hour: Count = 30  # per address, of each call that sends a mail or uses its token
    fresh_log_in_s: Count = 600  # after a log-in: time to erase an account without a password
    # A mail is tried again after a minute, twice as long each time, up to an hour: two days in all
    smtp_timeout_s: Count = 10  # of each answer of the mail server
    mail_retry_first_s: Count = 60  # longer than a mail takes, so that two never send it at once
    mail_retry_max_s: Count = 3600
    mail_attempts_max: Count = 54
    mail_sweep_s: Seconds = 2.0  # how long a mail waits at most before it is sent
    mail_run_s: Count = 20  # of one task; then other tasks of its queue run
    # Wrong passwords on one account from one network or device (app/services/login_backoff.py): a
    # few are typing errors; then each waits twice as long as the one before.
    login_failures_free: Count = 5
    login_wait_first_s: Seconds = 1.0
    login_wait_max_s: Seconds = 900.0  # a hundred guesses a day
    login_failures_s: Seconds = 24 * 3600.0  # since the last one; then the counters expire
    # From all networks: NIST SP 800-63B requires a limit. Above it typing errors wait, too.
    login_failures_attacked: Count = 100
    login_failures_free_attacked: Count = 1
    device_token_s: Count = 365 * 24 * 3600  # since the last log-in there
    # What a new password's hash costs, by Argon2id with one lane: the least that OWASP's Password
    # Storage Cheat Sheet recommends, because hashes share the cores with bids.
    password_memory_kib: Annotated[int, Meta(ge=19 * 1024)] = 19 * 1024
    password_passes: Annotated[int, Meta(ge=2)] = 2
    # Password hashes that wait, per process: a second of work. Others get Retry-After: after
    # a restart many users log in at once, and an attack sends many wrong passwords.
    hashes_waiting_max: Count = 32
    # Log-in by a provider: from the redirect to its callback, and what its servers may take.
    provider_log_in_s: Count = 600  # the user may first have to log in to the provider
    provider_timeout_s: Seconds = 10.0  # for all calls of one callback to a provider
    provider_calls_max: Count = 32  # under way, per provider and process; others get Retry-After
    provider_bytes_max: Count = 256 * 1024  # of one answer: key sets and profiles have a few KB
    provider_metadata_s: Count = 3_600  # how old discovery and keys may be; new keys come sooner
    provider_leeway_s: Count = 60  # between a provider's clock and ours
    provider_redirects_per_minute: Count = 30  # per address; a log-in has two
    requests_per_minute: Count = 600  # per address, of all calls of the API
    # HTTP, before routing: per gateway process; an address is an IPv4 address or a /64 of IPv6
    request_timeout_s: Seconds = 15.0  # from a request's first byte to its last
    head_bytes_max: Count = 32 * 1024  # a token of 2,000 characters, and cookies of others
    unfinished_requests_per_address_max: Count = 32  # many browsers behind one address that connect
    unfinished_requests_max: Count = 1_000  # of all; gunicorn keeps room for 2,000 beside sockets
    idle_connections_per_address_max: Count = 256  # six a browser; more are closed once answered
    idle_connections_max: Count = 800  # of all
    requests_per_s_per_address: Count = 100  # a page loads ten files; above it they wait in turn
    requests_burst_per_address: Count = 200
    requests_per_turn_max: Count = 2  # of the loop: a millisecond or two before sockets are read
    # All requests without a token, per process: a quarter of its time.
    guest_requests_per_s_max: Count = 250
    guest_sockets_per_address_max: Count = 50  # a class room that watches, without accounts
    body_bytes_max: Count = 128 * 1024  # 10,000 characters of description, escaped: 12 each


class Settings(Struct, frozen=True, kw_only=True):
    """URLs, identity and limits of this deployment."""

    base_url: Url
    database_url: Url
    kafka_bootstrap_servers: Url
    # Security of Kafka's connections; that of PostgreSQL, Redis and MongoDB is in their URLs.
    kafka_security_protocol: KafkaProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: KafkaMechanism = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: str = ""
    # Kafka's user for the clock's starts and closes; empty: the bridge's user, which otherwise need
    # not, and should not, have the right to write bids.
    kafka_clock_username: str = ""
    kafka_clock_password: str = ""
    kafka_ssl_cafile: str = ""  # in PEM; empty: the machine's authorities
    kafka_ssl_certfile: str = ""  # the client's certificate, in PEM
    kafka_ssl_keyfile: str = ""
    redis_broker_url: Url
    redis_fanout_url: Url
    redis_auth_url: Url
    mongodb_url: Url
    # How mails are sent: `smtps://user:password@host:465`, or `smtp+starttls://…:587`; `smtp://` is
    # without TLS, which production refuses. `none`: no mail is sent, so users can neither prove an
    # address nor reset a password. Without the setting the same, but production does not start.
    smtp_url: str = ""
    mail_from: str = "Gavel <no-reply@localhost>"
    # 32 bytes is the length of the HMAC's hash: a shorter key is the weaker part.
    secret_key: Annotated[str, Meta(min_length=32)]
    # Other keys whose tokens are accepted, by commas: the next one before, the last after a change
    # of `secret_key`, so that no session ends (docs/security.md, Keys of tokens).
    secret_keys_accepted: Annotated[str, Meta(pattern=r"^([^,\s]{32,}(,[^,\s]{32,})*)?$")] = ""
    allowed_origins: str = ""
    # Log-in by Google, Kakao and Naver (docs/social.md): one without an id is not offered. Other
    # addresses than the providers' are for tests, and production refuses them.
    google_client_id: str = ""
    google_client_secret: str = ""
    google_issuer: Url = GOOGLE_ISSUER
    kakao_client_id: str = ""
    kakao_client_secret: str = ""
    kakao_issuer: Url = KAKAO_ISSUER
    kakao_api_url: Url = KAKAO_API_URL
    naver_client_id: str = ""
    naver_client_secret: str = ""
    naver_url: Url = NAVER_URL
    naver_api_url: Url = NAVER_API_URL
    profile: str = "production"
    trust_loopback: bool = False  # exempts loopback from per-address limits
    # Off: users with an unproved e-mail address may bid, too.
    bid_needs_proved_email: bool = True
    allow_missing_origin: bool = False  # on: accepts programs, which send none
    # The number of our own proxies in front: each adds an address to X-Forwarded-For. Limits before
    # the headers cannot be counted for the client behind a proxy: the proxy must apply them.
    trusted_proxies: Annotated[int, Meta(ge=0)] = 0
    # The exporter's HOST:PORT, on loopback because metrics are not for outsiders.
    metrics_bind: str = "127.0.0.1:9464"
    kafka_replication: Count = KAFKA.replication
    kafka_min_isr: Count = KAFKA.min_isr
    log_level: str = "INFO"
    process_name: str = ""  # in the logs; empty: by its kind
    # The steps of every bid are logged while a process has at most this many a second (a line costs
    # 0.1 ms); above it one bid in `bid_log_every`.
    bid_log_steps_per_s: Annotated[int, Meta(ge=0)] = 50
    bid_log_every: Count = 256
    # One line for every receipt, on standard output: 215 bytes, 3 µs. Only these lines name
    # acknowledged bids that Kafka has lost (docs/ownership.md).
    receipt_log: bool = True
    # Log-ins, refusals, operators' commands: to stderr, stdout, or a file of this path.
    security_log_to: Annotated[str, Meta(min_length=1)] = "stderr"
    security_log_level: LogLevel = "INFO"
    stack_status_file: str = ""
    # Beat touches it with each task that it sends, so that its age shows whether beat works.
    beat_alive_file: str = ""
    # Of OpenTelemetry's variables, those that say whether and how much is traced, and those of
    # which we cannot do everything; its SDK reads the others itself (docs/tracing.md).
    otel_sdk_disabled: bool = False
    otel_traces_exporter: Literal["otlp", "none", ""] = ""
    otel_exporter_otlp_endpoint: str = ""
    otel_exporter_otlp_traces_endpoint: str = ""
    otel_exporter_otlp_protocol: OtlpProtocol = "http/protobuf"
    otel_exporter_otlp_traces_protocol: OtlpProtocol = "http/protobuf"
    otel_traces_sampler: TracesSampler = ""
    # The share of traces that is recorded. A recorded bid costs as much as its decision.
    otel_traces_sampler_arg: Annotated[float, Meta(ge=0, le=1)] = 0.01
    otel_propagators: str = "tracecontext,baggage"
    limits: Limits = Limits()

    @property
    def kafka(self) -> KafkaSettings:
        """How this process reaches Kafka."""
        limits = self.limits
        return KafkaSettings(
            bootstrap_servers=self.kafka_bootstrap_servers,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=self.kafka_sasl_password,
            ssl_cafile=self.kafka_ssl_cafile,
            ssl_certfile=self.kafka_ssl_certfile,
            ssl_keyfile=self.kafka_ssl_keyfile,
            replication=self.kafka_replication,
            min_isr=self.kafka_min_isr,
            produce_timeout_s=limits.produce_timeout_s,
            poll_wait_ms=limits.poll_wait_ms,
            poll_records_max=limits.poll_records_max,
        )

    @property
    def as_clock(self) -> "Settings":
        """These settings for who comes to Kafka as the clock."""
        if not self.kafka_clock_username:
            return self
        return replace(
            self,
            kafka_sasl_username=self.kafka_clock_username,
            kafka_sasl_password=self.kafka_clock_password,
        )

    @property
    def token_keys(self) -> tuple[str, ...]:
        """The keys of tokens: the first signs, all are believed."""
        others = (key for key in self.secret_keys_accepted.split(",") if key)
        return tuple(dict.fromkeys((self.secret_key, *others)))

    @property
    def origins(self) -> frozenset[str]:
        """The origins a browser may open a socket from."""
        listed = (origin.strip() for origin in self.allowed_origins.split(","))
        return frozenset(origin for origin in listed if origin) | {self.base_url}

    @property
    def is_traced(self) -> bool:
        """Whether spans are recorded: an exporter or its endpoint is named, and nothing forbids."""
        if self.otel_sdk_disabled or self.otel_traces_exporter == "none":
            return False
        named = (self.otel_exporter_otlp_endpoint, self.otel_exporter_otlp_traces_endpoint)
        return self.otel_traces_exporter == "otlp" or any(named)

    @property
    def reads_traceparent(self) -> bool:
        """Whether a client's `traceparent` is read."""
        names = (name.strip() for name in self.otel_propagators.split(","))
        return "tracecontext" in names


class SettingsError(ValueError):
    """The environment does not make valid settings; the message has one line per fault."""


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises SettingsError naming every variable that is wrong."""
    faults: list[str] = []
    environment = _with_files(environment, faults)
    if faults:  # unread values cannot be checked
        raise SettingsError(_fault_lines(faults))
    limits = _read(Limits, environment, faults) or Limits()
    settings = _read(Settings, environment, faults, limits=limits)
    if settings is not None:
        faults += [*security_faults(settings), *provider_faults(settings)]
    if faults or settings is None:
        raise SettingsError(_fault_lines(faults))
    return settings


def settings_or_exit() -> Settings:
    """The settings of this process; where they are wrong it says so and ends with code 2."""
    try:
        return read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(REFUSED) from error


def database_url_or_exit() -> str:
    """DATABASE_URL, for a process that needs nothing else; code 2 where it is wrong."""
    faults: list[str] = []
    url = _with_files(os.environ, faults).get("DATABASE_URL", "")
    if not faults and not url:
        faults = ["DATABASE_URL: is required"]
    if faults:
        print(_fault_lines(faults), file=sys.stderr)
        raise SystemExit(REFUSED)
    return url


def _fault_lines(faults: list[str]) -> str:
    if len(faults) == 1:
        return f"settings are wrong: {faults[0]}"
    return "settings are wrong:\n" + "\n".join(f"  {line}" for line in faults)


def _with_files(environment: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """The environment, and in it the settings that are in files."""
    found = dict(environment)
    for field in (*Limits.__struct_fields__, *Settings.__struct_fields__):
        name, variable = field.upper(), f"{field.upper()}_FILE"
        if variable not in environment:
            continue
        if name in environment:
            faults.append(f"{name}: {variable} is set, too: keep one of them")
            continue
        try:
            found[name] = _secret_in(Path(environment[variable]))
        except ValueError as error:
            faults.append(f"{variable}: the file {environment[variable]} {error}")
    return found


def _secret_in(file: Path) -> str:
    """Return the file's content without the line's end. Raise ValueError, which quotes none of
    it."""
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if not text:
        raise ValueError("is empty")
    return text


def _read(
    struct: type[S], environment: Mapping[str, str], faults: list[str], **given: object
) -> S | None:
    names = [name for name in struct.__struct_fields__ if name not in given]
    values = {name: environment[name.upper()] for name in names if name.upper() in environment}
    try:
        return parse({**values, **given}, struct, strict=False)
    except InvalidError as invalid:
        faults += [f"{fault.field.upper()}: {fault.message}" for fault in invalid.faults]
        return None
