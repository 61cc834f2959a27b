"""people: roles, states and proved e-mail addresses of accounts.

Accounts of before count as proved, at the time of this migration: their addresses were never
asked for a proof, and a house that wants one before the first bid (production does) would
otherwise refuse every bidder of its open auctions in the minute of the upgrade. Who wants those
proofs after all sets `email_proved_at` to null.

Only adds, and loosens what a column may hold: code of before goes on. The existing rows get the
time as the column's first default, which PostgreSQL stores once and writes into no row; each
statement holds its lock for the moment of a scan of `users`.

Going back gives an account without an address one that nobody can have (RFC 2606, `.invalid`),
makes moderators users, and forgets who was suspended, banned or proved.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column("users", "email", nullable=True)
    op.drop_constraint(op.f("ck_users_role"), "users")
    op.create_check_constraint(
        op.f("ck_users_role"), "users", "role IN ('user', 'moderator', 'admin')"
    )
    op.add_column("users", sa.Column("status", sa.Text(), nullable=False, server_default="active"))
    op.create_check_constraint(
        op.f("ck_users_status"), "users", "status IN ('active', 'suspended', 'banned')"
    )
    op.add_column(
        "users",
        sa.Column("email_proved_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.alter_column("users", "email_proved_at", server_default=None)


def downgrade() -> None:
    op.drop_column("users", "email_proved_at")
    op.drop_column("users", "status")
    op.execute("UPDATE users SET role = 'user' WHERE role = 'moderator'")
    op.drop_constraint(op.f("ck_users_role"), "users")
    op.create_check_constraint(op.f("ck_users_role"), "users", "role IN ('user', 'admin')")
    op.execute("UPDATE users SET email = 'account-' || id || '@house.invalid' WHERE email IS NULL")
    op.alter_column("users", "email", nullable=False)
