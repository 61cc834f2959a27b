"""mails: which are due, the hashes of their tokens; the language of people, and their erasure.

Only adds. A person of before is written to in Korean, the house's first language.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("language", sa.Text(), nullable=False, server_default="ko"))
    op.create_check_constraint(op.f("ck_users_language"), "users", "language IN ('ko', 'en')")
    op.add_column("users", sa.Column("erased_at", TIME))
    op.create_table(
        "mail_tokens",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("digest", sa.Text()),
        sa.Column("expires_at", TIME),
        sa.Column("asked", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("asked_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("counted_since", TIME, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("user_id", "purpose", name=op.f("pk_mail_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_mail_tokens_digest")),
        sa.CheckConstraint("purpose IN ('proof', 'reset')", name=op.f("ck_mail_tokens_purpose")),
    )
    op.create_index(
        "ix_mail_tokens_due_at",
        "mail_tokens",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("mail_tokens")
    op.drop_column("users", "erased_at")
    op.drop_column("users", "language")
