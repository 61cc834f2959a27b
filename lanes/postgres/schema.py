"""The platform's tables, in a schema of their own: what its migrations make."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from lanes.postgres.schema_name import SCHEMA

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(
    schema=SCHEMA,
    naming_convention=NAMING_CONVENTION,
)

Instant = DateTime(timezone=True)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _created_at() -> Column[object]:
    return Column("created_at", Instant, nullable=False, server_default=func.now())


inbox = Table(
    "inbox",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("log_time", Instant, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("first_failed_at", Instant),
    Column("replays", SmallInteger, nullable=False, server_default="0"),
    Column("taken_at", Instant, nullable=False, server_default=func.now()),
    Column("traceparent", Text),  # null: in no sampled trace
    Column("headers", Text),  # null: it has none; else a JSON array of [name, value in base64]
    Index("ix_inbox_lane", "topic", "key", "offset"),
)

ingest_progress = Table(
    "ingest_progress",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("topic_id", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    postgresql_with={"fillfactor": 50},
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("dead_letter_id", BigInteger),  # then bytes and headers are those of the dead letter
    _created_at(),
    Column("traceparent", Text),  # null: in no sampled trace
    Column("headers", Text),
)

# Records that cannot be settled, for ever: what was done about them is in `replays`.
dead_letters = Table(
    "dead_letters",
    metadata,
    _id(),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("key", Text),  # as far as it can be shown
    Column("raw_key", LargeBinary),
    Column("payload", LargeBinary, nullable=False),
    Column("log_time", Instant, nullable=False),
    Column("consumer_group", Text, nullable=False),  # the group that wrote it
    Column("reason", Text, nullable=False),
    Column("error_class", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_failed_at", Instant, nullable=False),
    Column("trace_id", Text, index=True),
    Column("replays", Integer, nullable=False, server_default="0"),
    _created_at(),
    Column("headers", Text),
    UniqueConstraint("topic", "partition", "offset"),
    # The rate of a lane and of a partition.
    Index("ix_dead_letters_lane", "topic", "key", "created_at"),
    Index("ix_dead_letters_partition", "topic", "partition", "created_at"),
)

# Each time a dead letter was put into its topic again; place and offset once Kafka has it.
replays = Table(
    "replays",
    metadata,
    _id(),
    Column("dead_letter_id", ForeignKey(f"{SCHEMA}.dead_letters.id"), nullable=False, index=True),
    Column("requested_by", Text, nullable=False),
    Column("forced", Boolean, nullable=False),
    Column("partition", Integer),
    Column("offset", BigInteger),
    _created_at(),
)

parked_lanes = Table(
    "parked_lanes",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    _created_at(),
)

# A partition that a consumer group does not take from: its records stay in Kafka.
parked_partitions = Table(
    "parked_partitions",
    metadata,
    Column("consumer_group", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    _created_at(),
)

# The version of each lane of a topic whose handler is a function, and how far it is settled.
lane_versions = Table(
    "lane_versions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("settled_offset", BigInteger),  # of the newest record settled; null: none yet
    postgresql_with={"fillfactor": 50},
)

# Lanes that a worker settles after a long wait: one whose process dies leaves its row. Once it has
# done so the lane `is_isolated`: it is settled one record at a time, up to `until_offset`.
claims = Table(
    "claims",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("offset", BigInteger, nullable=False),  # of the first record claimed
    Column("until_offset", BigInteger, nullable=False),  # of the last one
    Column("is_isolated", Boolean, nullable=False),
    Column("crashes", SmallInteger, nullable=False),  # of workers that settled `offset` alone
    Column("server_started_at", Instant),  # under which a worker holds it; null: none does
)
