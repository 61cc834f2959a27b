"""Rights of the users of a hostile run, who are too many to confirm one by one."""

from contextlib import closing

import psycopg2

from app.domain.money import AMOUNT_MAX

HONEST = "storm-%@load.example"  # as k6/storm invents them
ABUSERS = "%@example.org"  # as stack/client.py does
# A proof that is no longer needed is not mailed either: no mails are sent during the run.
PROVE = """
UPDATE users SET email_proved_at = now()
WHERE email_proved_at IS NULL AND (email LIKE %(honest)s OR email LIKE %(abusers)s)"""
RAISE_LIMITS = """
INSERT INTO bid_limits (user_id, currency, amount)
SELECT id, 'KRW', %(amount)s FROM users WHERE email LIKE %(honest)s ON CONFLICT DO NOTHING"""


def grant_rights(database_url: str) -> None:
    """Prove everybody's address, and let the honest bid any amount."""
    values = {"honest": HONEST, "abusers": ABUSERS, "amount": AMOUNT_MAX}
    with (
        closing(psycopg2.connect(database_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        for statement in (PROVE, RAISE_LIMITS):
            cursor.execute(statement, values)
