"""Which MongoDB answers, or which one FerretDB passes for."""

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.settings import Limits


def server_version(url: str, *, limits: Limits) -> tuple[int, ...] | None:
    """(major, minor, patch, …); None when nobody lets us in."""
    timeout_ms = limits.connect_timeout_s * 1000
    with MongoClient[dict[str, object]](url, timeoutMS=timeout_ms) as client:
        try:
            return tuple(client.server_info()["versionArray"])
        except PyMongoError:
            return None
