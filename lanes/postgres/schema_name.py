"""The name of the schema that has the platform's tables. No driver is loaded here."""

import re

SCHEMA = "lanes"
NAME_MAX = 40  # characters: names of prepared statements begin with it, and have 63

_NAME = re.compile(rf"(?!pg_)[a-z_][a-z0-9_]{{0,{NAME_MAX - 1}}}")


def name_fault(name: str) -> str | None:
    """Return what is wrong with a schema's name, in one line; None: nothing."""
    if _NAME.fullmatch(name):
        return None
    return (
        f"schema: {name!r} is no name: a-z, 0-9 and _, up to {NAME_MAX}, not beginning with a "
        "digit or pg_"
    )
