"""The protocol of one socket, without I/O, against an independent client: websocket-client."""

import zlib

import pytest
from websocket import ABNF

from app.web.ws.framing import Close, Framing, Gone, Reply, Silent, SocketEvent, Text, text_frame

BOMB = zlib.compress(bytes(10_000))[2:-4]  # as permessage-deflate has it: 29 bytes


def client_frame(
    data: bytes | str, opcode: int = ABNF.OPCODE_TEXT, fin: int = 1, *, compressed: int = 0
) -> bytes:
    sent = data.encode() if isinstance(data, str) else data
    made = ABNF(fin, compressed, 0, 0, opcode, 1, sent)
    formatted = made.format()
    return formatted if isinstance(formatted, bytes) else formatted.encode()


def hear(*parts: bytes, bytes_max: int = 100) -> list[SocketEvent]:
    framing = Framing(bytes_max=bytes_max)
    return [event for part in parts for event in framing.receive(part)]


def test_a_message_is_text() -> None:
    assert hear(client_frame("안녕")) == [Text("안녕")]


def test_a_message_may_come_byte_by_byte() -> None:
    stream = client_frame("one") + client_frame("two")
    assert hear(*(stream[i : i + 1] for i in range(len(stream)))) == [Text("one"), Text("two")]


def test_fragments_are_one_message() -> None:
    first = client_frame("on", fin=0)
    assert hear(first, client_frame("e", ABNF.OPCODE_CONT)) == [Silent(), Text("one")]


def test_every_frame_is_one_event_so_that_all_can_be_counted() -> None:
    empty = client_frame("", fin=0) + client_frame("", ABNF.OPCODE_CONT, fin=0)
    stream = empty + client_frame("", ABNF.OPCODE_PONG) + client_frame("", ABNF.OPCODE_PING)
    assert hear(*(stream[i : i + 1] for i in range(len(stream))))[:3] == [Silent()] * 3
    assert len(hear(stream)) == 4


def test_no_more_is_read_than_is_asked_for() -> None:
    framing = Framing(bytes_max=100)
    events = framing.receive(client_frame("one") + client_frame("x" * 101))
    assert next(events) == Text("one")
    assert [event.code for event in events if isinstance(event, Close)] == [1009]


def test_a_ping_is_answered() -> None:
    (event,) = hear(client_frame("x", ABNF.OPCODE_PING))
    assert isinstance(event, Reply)
    assert event.data == b"\x8a\x01x"


def test_a_client_may_close() -> None:
    assert hear(client_frame(b"\x03\xe8", ABNF.OPCODE_CLOSE)) == [Gone(1000)]


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (client_frame(b"\xff\xfe"), 1007),
        (client_frame("x" * 101), 1009),
        (client_frame("가" * 34), 1009),
        (client_frame("x" * 60, fin=0) + client_frame("x" * 60, ABNF.OPCODE_CONT), 1009),
        (client_frame(b"x", ABNF.OPCODE_BINARY), 4400),
        (text_frame(b"not masked"), 1002),
        (client_frame(BOMB, compressed=1), 1002),
    ],
    # By themselves they would be named by their mask, which is another in each process.
    ids=[
        "not UTF-8",
        "long",
        "long in bytes",
        "long in parts",
        "binary",
        "not masked",
        "compressed",
    ],
)
def test_what_may_not_be_sent_closes_with_its_code(stream: bytes, code: int) -> None:
    *parts, event = hear(stream, client_frame("unheard"))
    assert set(parts) <= {Silent()}
    assert isinstance(event, Close)
    assert event.code == code


def test_an_oversize_message_is_noticed_before_it_is_whole() -> None:
    stream = client_frame("x" * 100_000)
    (event,) = hear(stream[:200])
    assert isinstance(event, Close)
    assert event.code == 1009
