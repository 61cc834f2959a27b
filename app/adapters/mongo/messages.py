"""Chat messages in MongoDB: stored once by id, read in the order of their offsets."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from app.domain.errors import BusyError, UnavailableError
from app.domain.time import rfc3339
from app.protocol.fanout import RoomPublication
from app.protocol.resources import ChatMessage, Person
from app.services.auditing.chat import StoredMessage
from app.services.breaker import Breaker
from app.services.nicknames import NOBODY
from app.settings import Limits
from lanes import BadDataError

COLLECTION = "messages"
DATABASE = "auction"
DUPLICATE_KEY = 11000
# BadValue, FailedToParse, TypeMismatch, InvalidBSON, DollarPrefixedFieldName, DottedFieldName,
# DocumentValidationFailure, BSONObjectTooLarge: what the server says of the values themselves.
FAULTS_OF_DATA = frozenset({2, 9, 14, 22, 52, 57, 121, 10334})
# FerretDB knows no code for what its own store refuses, and names the store's.
STORE_FAULT_OF_DATA = re.compile(r"\(SQLSTATE 2[23]\w{3}\)")


def make_client(url: str, *, limits: Limits, name: str) -> "MongoClient[dict[str, Any]]":
    """A client that connects on first use, with a limit on every wait."""
    return MongoClient(
        url,
        appname=name,
        connect=False,
        maxPoolSize=limits.pool_connections,
        serverSelectionTimeoutMS=limits.connect_timeout_s * 1000,
        connectTimeoutMS=limits.connect_timeout_s * 1000,
        socketTimeoutMS=limits.read_timeout_s * 1000,
        waitQueueTimeoutMS=limits.read_timeout_s * 1000,
    )


def make_guarded_client(
    url: str, *, limits: Limits, name: str, breaker: Breaker
) -> "MongoClient[dict[str, Any]]":
    """As `make_client`, for requests that wait: nothing is retried.

    `timeoutMS` bounds an operation as a whole: choosing a server, a connection, and the answer.
    """
    timeout_ms = int(breaker.timeout_s * 1000)
    return MongoClient(
        url,
        appname=name,
        connect=False,
        maxPoolSize=limits.pool_connections,
        timeoutMS=timeout_ms,
        serverSelectionTimeoutMS=timeout_ms,
        connectTimeoutMS=timeout_ms,
        retryReads=False,
    )


class MongoMessages:
    """The port `Messages`, and the writing side. Raises BusyError when the store is down.

    Reads fail at once while `breaker` is open.
    """

    def __init__(
        self, client: "MongoClient[dict[str, Any]]", breaker: Breaker | None = None
    ) -> None:
        self._messages = client.get_default_database(DATABASE)[COLLECTION]
        self._breaker = breaker

    def create_indexes(self) -> None:
        """Create the indexes that are missing."""
        try:
            self._messages.create_index([("room_id", ASCENDING), ("seq", ASCENDING)])
        except PyMongoError as error:
            raise BusyError("messages cannot be stored") from error

    def ping(self) -> None:
        """Raises BusyError when the store does not answer."""
        with self._reading():
            self._messages.database.command("ping")

    def save_many(self, publications: Sequence[RoomPublication]) -> None:
        """Store each message once, however often it comes: the first record's seq holds.

        Raises BadDataError when the store refuses one of them for good; others may be stored.
        """
        if not publications:
            return
        try:
            self._messages.insert_many([_document(item) for item in publications], ordered=False)
        except (BSONError, OverflowError, UnicodeEncodeError) as error:
            raise BadDataError(f"{type(error).__name__}: {error}") from error
        except BulkWriteError as error:
            _raise_faults(error)
        except OperationFailure as error:
            raise _refusal(error.code, str(error)) from error
        except PyMongoError as error:
            raise BusyError("messages cannot be stored") from error

    def after(self, room_id: int, seq: int, limit: int) -> list[ChatMessage]:
        """The oldest `limit` after `seq`, ascending."""
        return self._find({"room_id": room_id, "seq": {"$gt": seq}}, ASCENDING, limit)

    def before(self, room_id: int, seq: int | None, limit: int) -> list[ChatMessage]:
        """The newest `limit` before `seq` (None: of all), ascending."""
        query: dict[str, Any] = {"room_id": room_id}
        if seq is not None:
            query["seq"] = {"$lt": seq}
        return self._find(query, DESCENDING, limit)[::-1]

    def stored(self, message_ids: Sequence[str]) -> list[StoredMessage]:
        """Return those of the messages that are stored."""
        try:
            return [
                StoredMessage(
                    message_id=document["_id"],
                    room_id=document["room_id"],
                    seq=document["seq"],
                    sender_id=document["sender_id"],
                    text=document["text"],
                )
                for document in self._messages.find({"_id": {"$in": list(message_ids)}})
            ]
        except PyMongoError as error:
            raise UnavailableError("MongoDB cannot be read") from error

    def delete_before(self, room_id: int, moment: datetime, *, limit: int) -> int:
        """Delete those of a room's `limit` oldest messages that were sent before; how many."""
        before = rfc3339(moment)  # as `at` is written: texts in the order of time
        try:
            oldest = self._messages.find({"room_id": room_id}, {"at": 1}).sort("seq").limit(limit)
            ids = [document["_id"] for document in oldest if document["at"] < before]
            if not ids:
                return 0
            return self._messages.delete_many({"_id": {"$in": ids}}).deleted_count
        except PyMongoError as error:
            raise BusyError("old messages cannot be deleted") from error

    def _find(self, query: dict[str, Any], order: int, limit: int) -> list[ChatMessage]:
        with self._reading():
            found = self._messages.find(query).sort("seq", order).limit(limit)
            return [_message(document) for document in found]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Raises BusyError when the store does not answer, or did not just now."""
        if self._breaker is not None and not self._breaker.allows():
            raise UnavailableError("MongoDB did not answer just now")
        try:
            yield
        except PyMongoError as error:
            self._report(error)
            raise BusyError("messages cannot be read") from error
        self._report(None)

    def _report(self, error: PyMongoError | None) -> None:
        if self._breaker is None:
            return
        if error is None or isinstance(error, OperationFailure):
            self._breaker.answered()
        elif error.timeout:
            self._breaker.unanswered()


def _raise_faults(error: BulkWriteError) -> None:
    """Raises for what is no mere repeat: an outage first, because then all of them come again."""
    faults = [
        _refusal(fault["code"], fault["errmsg"])
        for fault in error.details.get("writeErrors", [])
        if fault["code"] != DUPLICATE_KEY
    ]
    for fault in sorted(faults, key=lambda fault: isinstance(fault, BadDataError)):
        raise fault from error


def _refusal(code: int | None, message: str) -> Exception:
    """Return the error for a write that the server refuses."""
    if code in FAULTS_OF_DATA or STORE_FAULT_OF_DATA.search(message):
        return BadDataError(f"{message} ({code})")
    return BusyError("messages cannot be stored")


def _document(publication: RoomPublication) -> dict[str, Any]:
    value = publication.message
    return {
        "_id": str(value.message_id),
        "room_id": value.room_id,
        "seq": publication.seq,
        "sender_id": value.sender_id,
        "text": value.text,
        "at": value.sent_at,
    }


def _message(document: dict[str, Any]) -> ChatMessage:
    return ChatMessage(
        seq=document["seq"],
        message_id=document["_id"],
        sender=Person(document["sender_id"], NOBODY),  # the name is looked up when it is shown
        text=document["text"],
        at=document["at"],
    )
