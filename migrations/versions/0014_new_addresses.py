"""new addresses: a mail that goes elsewhere than to the account's address.

Only adds, and allows more.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PURPOSE = "ck_mail_tokens_purpose"


def upgrade() -> None:
    op.add_column("mail_tokens", sa.Column("email", sa.Text()))
    op.drop_constraint(op.f(PURPOSE), "mail_tokens")
    op.create_check_constraint(
        op.f(PURPOSE), "mail_tokens", "purpose IN ('proof', 'reset', 'change', 'changed')"
    )
    op.create_check_constraint(
        op.f("ck_mail_tokens_email"),
        "mail_tokens",
        "(purpose IN ('proof', 'reset')) = (email IS NULL) OR due_at IS NULL",
    )


def downgrade() -> None:
    op.execute("DELETE FROM mail_tokens WHERE purpose IN ('change', 'changed')")
    op.drop_constraint(op.f("ck_mail_tokens_email"), "mail_tokens")
    op.drop_constraint(op.f(PURPOSE), "mail_tokens")
    op.create_check_constraint(op.f(PURPOSE), "mail_tokens", "purpose IN ('proof', 'reset')")
    op.drop_column("mail_tokens", "email")
