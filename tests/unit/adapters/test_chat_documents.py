"""Stored chat has no names, also not those of older records."""

import msgspec

from app.adapters.mongo.messages import _document
from app.protocol.fanout import RoomPublication, published_message, room_publication_decoder
from app.protocol.records import chat_message_decoder

OLD = (
    b'{"v":1,"message_id":"00000000-0000-0000-0000-000000000001","room_id":1,"sender_id":2,'
    b'"sender_nickname":"Anna","text":"t","key":"k","sent_at":"t"}'
)


def test_the_name_in_an_older_record_is_dropped() -> None:
    publication = RoomPublication(seq=7, message=chat_message_decoder.decode(OLD))
    assert "Anna" not in str(_document(publication))
    assert published_message(publication).sender.nickname == ""


def test_a_chat_record_has_no_name_and_a_publication_has_it() -> None:
    value = msgspec.structs.replace(chat_message_decoder.decode(OLD), sender_nickname=None)
    assert b"nickname" not in msgspec.json.encode(value)
    named = RoomPublication(seq=7, message=value, sender_nickname="Anna")
    read = room_publication_decoder.decode(msgspec.json.encode(named))
    assert published_message(read).sender.nickname == "Anna"
