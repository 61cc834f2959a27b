"""The version of MongoDB, or the one FerretDB reports."""

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.settings import Limits


def server_version(url: str, *, limits: Limits) -> tuple[int, ...] | None:
    """Return (major, minor, patch, …); None when the server does not let us in."""
    timeout_ms = limits.connect_timeout_s * 1000
    with MongoClient[dict[str, object]](url, timeoutMS=timeout_ms) as client:
        try:
            return tuple(client.server_info()["versionArray"])
        except PyMongoError:
            return None
