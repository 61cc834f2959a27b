"""dead letters with their bytes and provenance, replays, parked partitions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("inbox", sa.Column("first_failed_at", INSTANT))
    op.add_column(
        "inbox", sa.Column("replays", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column("outbox", sa.Column("dead_letter_id", sa.BigInteger()))
    op.add_column(
        "parked_lanes", sa.Column("message", sa.Text(), server_default="", nullable=False)
    )
    op.alter_column("parked_lanes", "message", server_default=None)
    _upgrade_dead_letters()
    op.create_table(
        "replays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dead_letter_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("partition", sa.Integer()),
        sa.Column("offset", sa.BigInteger()),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["dead_letter_id"], ["dead_letters.id"], name=op.f("fk_replays_dead_letter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
    )
    op.create_index(op.f("ix_replays_dead_letter_id"), "replays", ["dead_letter_id"])
    op.create_table(
        "parked_partitions",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint(
            "consumer_group", "topic", "partition", name=op.f("pk_parked_partitions")
        ),
    )


def _upgrade_dead_letters() -> None:
    """Until now there were undecodable records only, of bids; when each failed first is known."""
    op.alter_column(
        "dead_letters",
        "payload",
        type_=sa.LargeBinary(),
        postgresql_using="decode(payload, 'base64')",
    )
    op.add_column("dead_letters", sa.Column("raw_key", sa.LargeBinary()))
    op.add_column("dead_letters", sa.Column("consumer_group", sa.Text()))
    op.add_column("dead_letters", sa.Column("error_class", sa.Text()))
    op.add_column("dead_letters", sa.Column("first_failed_at", INSTANT))
    op.add_column("dead_letters", sa.Column("trace_id", sa.Text()))
    op.execute(
        "UPDATE dead_letters SET raw_key = convert_to(key, 'UTF8'), consumer_group = 'auction', "
        "error_class = 'DecodeError', first_failed_at = created_at, attempts = 1"
    )
    for column in ("consumer_group", "error_class", "first_failed_at"):
        op.alter_column("dead_letters", column, nullable=False)
    op.alter_column("dead_letters", "attempts", server_default=None)
    op.create_index(op.f("ix_dead_letters_trace_id"), "dead_letters", ["trace_id"])
    op.create_index("ix_dead_letters_lane", "dead_letters", ["topic", "key", "created_at"])
    op.create_index(
        "ix_dead_letters_partition", "dead_letters", ["topic", "partition", "created_at"]
    )


def downgrade() -> None:
    op.drop_table("parked_partitions")
    op.drop_table("replays")
    for index in ("ix_dead_letters_partition", "ix_dead_letters_lane"):
        op.drop_index(index, table_name="dead_letters")
    op.drop_index(op.f("ix_dead_letters_trace_id"), table_name="dead_letters")
    op.alter_column("dead_letters", "attempts", server_default="0")
    for column in ("trace_id", "first_failed_at", "error_class", "consumer_group", "raw_key"):
        op.drop_column("dead_letters", column)
    op.alter_column(
        "dead_letters",
        "payload",
        type_=sa.Text(),
        postgresql_using="encode(payload, 'base64')",
    )
    op.drop_column("parked_lanes", "message")
    op.drop_column("outbox", "dead_letter_id")
    op.drop_column("inbox", "replays")
    op.drop_column("inbox", "first_failed_at")
