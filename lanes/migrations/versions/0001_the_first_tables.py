"""the first tables: inbox and progress, outbox, dead letters and replays, what is parked."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import Operations

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)
# Inbox and outbox live by insert and delete: they are vacuumed after so many dead rows, not after a
# share of what they held at their fullest, and keep their files, because giving the end of a file
# back needs a lock that nobody else may hold meanwhile.
QUEUE = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "500",
    "autovacuum_vacuum_cost_delay": "0",
    "vacuum_truncate": "off",
}


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, INSTANT, server_default=sa.text("now()"), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _record_id() -> tuple[sa.Column[str], sa.Column[int], sa.Column[int]]:
    return (
        _text("topic"),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
    )


def upgrade(op: Operations, schema: str) -> None:
    op.create_table(
        "inbox",
        *_record_id(),
        _text("key"),
        _text("payload"),
        sa.Column("log_time", INSTANT, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("first_failed_at", INSTANT),
        sa.Column("replays", sa.SmallInteger(), server_default="0", nullable=False),
        _now("taken_at"),
        _text("traceparent", nullable=True),
        sa.PrimaryKeyConstraint("topic", "partition", "offset", name=op.f("pk_inbox")),
        schema=schema,
        postgresql_with=QUEUE,
    )
    op.create_index("ix_inbox_lane", "inbox", ["topic", "key", "offset"], schema=schema)
    op.create_table(
        "ingest_progress",
        _text("topic"),
        sa.Column("partition", sa.Integer(), nullable=False),
        _text("topic_id"),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_ingest_progress")),
        schema=schema,
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "outbox",
        _id(),
        _text("topic"),
        _text("key"),
        _text("payload"),
        sa.Column("dead_letter_id", sa.BigInteger()),
        _now("created_at"),
        _text("traceparent", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema=schema,
        postgresql_with=QUEUE,
    )
    _create_dead_letters(op, schema)
    _create_parked(op, schema)


def _create_dead_letters(op: Operations, schema: str) -> None:
    op.create_table(
        "dead_letters",
        _id(),
        *_record_id(),
        _text("key", nullable=True),
        sa.Column("raw_key", sa.LargeBinary()),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("log_time", INSTANT, nullable=False),
        _text("consumer_group"),
        _text("reason"),
        _text("error_class"),
        _text("message"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", INSTANT, nullable=False),
        _text("trace_id", nullable=True),
        sa.Column("replays", sa.Integer(), server_default="0", nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint(
            "topic", "partition", "offset", name=op.f("uq_dead_letters_topic_partition_offset")
        ),
        schema=schema,
    )
    indexes = {
        "ix_dead_letters_trace_id": ["trace_id"],
        "ix_dead_letters_lane": ["topic", "key", "created_at"],
        "ix_dead_letters_partition": ["topic", "partition", "created_at"],
    }
    for name, columns in indexes.items():
        op.create_index(op.f(name), "dead_letters", columns, schema=schema)
    op.create_table(
        "replays",
        _id(),
        sa.Column("dead_letter_id", sa.BigInteger(), nullable=False),
        _text("requested_by"),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("partition", sa.Integer()),
        sa.Column("offset", sa.BigInteger()),
        _now("created_at"),
        sa.ForeignKeyConstraint(
            ["dead_letter_id"],
            [f"{schema}.dead_letters.id"],
            name=op.f("fk_replays_dead_letter_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
        schema=schema,
    )
    op.create_index(op.f("ix_replays_dead_letter_id"), "replays", ["dead_letter_id"], schema=schema)


def _create_parked(op: Operations, schema: str) -> None:
    op.create_table(
        "parked_lanes",
        _text("topic"),
        _text("key"),
        _text("reason"),
        _text("message"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_parked_lanes")),
        schema=schema,
    )
    op.create_table(
        "parked_partitions",
        _text("consumer_group"),
        _text("topic"),
        sa.Column("partition", sa.Integer(), nullable=False),
        _text("reason"),
        _text("message"),
        _now("created_at"),
        sa.PrimaryKeyConstraint(
            "consumer_group", "topic", "partition", name=op.f("pk_parked_partitions")
        ),
        schema=schema,
    )


def downgrade(op: Operations, schema: str) -> None:
    for table in (
        "parked_partitions", "parked_lanes", "replays", "dead_letters", "outbox", "ingest_progress",
        "inbox",
    ):  # fmt: skip
        op.drop_table(table, schema=schema)
