"""Checks that MongoDB requires a password."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.adapters.mongo.messages import DATABASE
from app.settings import Limits

LOG_IN = frozenset({"authsource", "authmechanism", "authmechanismproperties"})


def accepts_without_password(url: str, *, limits: Limits) -> bool:
    """Return whether the server at `url` lists its collections for a client without a password.

    False also when it does not answer at all.
    """
    timeout_ms = limits.connect_timeout_s * 1000
    with MongoClient[dict[str, object]](_anonymous(url), timeoutMS=timeout_ms) as client:
        try:
            client.get_default_database(DATABASE).list_collection_names()
        except PyMongoError:
            return False
        return True


def _anonymous(url: str) -> str:
    parts = urlsplit(url)
    options = [(name, text) for name, text in parse_qsl(parts.query) if name.lower() not in LOG_IN]
    address = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=address, query=urlencode(options)).geturl()
