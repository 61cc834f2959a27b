"""The oldest versions of the stores; nothing older was ever run with this code."""

from collections.abc import Sequence

OLDEST: dict[str, tuple[int, ...]] = {
    "PostgreSQL": (15,),
    "Redis": (7, 0),  # the first with sharded channels
    "MongoDB": (7, 0),  # as which FerretDB 1.24 answers
}


def version_fault(store: str, found: Sequence[int]) -> str | None:
    """Return what is wrong with a store of this version, in one line; None: nothing."""
    oldest = OLDEST[store]
    if tuple(found) >= oldest:
        return None
    return f"{store} {_written(found)} is older than {_written(oldest)}, which is needed at least"


def _written(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)
