"""Texts of the driver's errors, without values of statements or rows: texts end in logs."""

import psycopg2

# Data exceptions and syntax errors: `invalid input syntax for type bigint: "…"`.
QUOTING = ("22", "42601")


def leave_values_out(error: psycopg2.Error) -> str | None:
    """Keep what names the fault: DETAIL quotes the row, and some first lines quote a value.

    Return the text that is kept, or None where the server has said nothing.
    """
    if error.diag.message_primary is None:
        return None
    state = error.pgcode or ""
    text: str = f"SQLSTATE {state}" if state.startswith(QUOTING) else error.diag.message_primary
    error.args = (text,)
    return text
