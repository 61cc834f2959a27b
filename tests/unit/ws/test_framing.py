"""The protocol of one socket, without I/O, against an independent client: websocket-client."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websocket import ABNF
from wsproto.frame_protocol import FrameProtocol

from app.web.ws.framing import (
    Close,
    Framing,
    NoReply,
    PeerClosed,
    Reply,
    SocketEvent,
    Text,
    text_frame,
)

BOMB = zlib.compress(bytes(10_000))[2:-4]  # as permessage-deflate has it: 29 bytes


def client_frame(
    data: bytes | str, opcode: int = ABNF.OPCODE_TEXT, fin: int = 1, *, compressed: int = 0
) -> bytes:
    sent = data.encode() if isinstance(data, str) else data
    made = ABNF(fin, compressed, 0, 0, opcode, 1, sent)
    formatted = made.format()
    return formatted if isinstance(formatted, bytes) else formatted.encode()


def parse(*parts: bytes, bytes_max: int = 100) -> list[SocketEvent]:
    framing = Framing(bytes_max=bytes_max)
    return [event for part in parts for event in framing.receive(part)]


def test_a_binary_message_is_refused() -> None:
    assert parse(client_frame("안녕")) == [Text("안녕")]


def test_a_message_may_arrive_byte_by_byte() -> None:
    stream = client_frame("one") + client_frame("two")
    assert parse(*(stream[i : i + 1] for i in range(len(stream)))) == [Text("one"), Text("two")]


@given(
    st.sampled_from(["", "one", "안녕", "x" * 100, "x" * 126, "x" * 300, "x" * 301]),
    st.sampled_from([ABNF.OPCODE_TEXT, ABNF.OPCODE_PING, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT]),
    st.integers(0, 1),
    st.integers(-1, 1),
)
def test_a_single_received_message_is_read_in_one_step(
    text: str, opcode: int, fin: int, more: int
) -> None:
    sent = client_frame(text, opcode, fin)
    data = sent[:-1] if more < 0 else sent + sent[:more]
    framing = Framing(bytes_max=300)
    whole = framing.whole_text(data)
    is_whole = opcode == ABNF.OPCODE_TEXT and fin == 1 and more == 0 and len(text) <= 300
    assert whole == (text if is_whole else None)
    if whole is None:
        assert list(framing.receive(data)) == parse(data, bytes_max=300), "nothing was read"


def test_other_frames_are_not_read_in_one_step() -> None:
    framing = Framing(bytes_max=100)
    assert framing.whole_text(client_frame(b"\xff")) is None
    assert list(framing.receive(client_frame("on", fin=0))) == [NoReply()]
    assert framing.whole_text(client_frame("two")) is None
    begun = Framing(bytes_max=100)
    assert list(begun.receive(client_frame("one")[:3])) == []
    assert begun.whole_text(client_frame("two")) is None


def test_fragments_are_one_message() -> None:
    first = client_frame("on", fin=0)
    assert parse(first, client_frame("e", ABNF.OPCODE_CONT)) == [NoReply(), Text("one")]


def test_every_frame_is_one_event_so_that_all_can_be_counted() -> None:
    empty = client_frame("", fin=0) + client_frame("", ABNF.OPCODE_CONT, fin=0)
    stream = empty + client_frame("", ABNF.OPCODE_PONG) + client_frame("", ABNF.OPCODE_PING)
    assert parse(*(stream[i : i + 1] for i in range(len(stream))))[:3] == [NoReply()] * 3
    assert len(parse(stream)) == 4


def test_no_more_is_read_than_requested() -> None:
    framing = Framing(bytes_max=100)
    events = framing.receive(client_frame("one") + client_frame("x" * 101))
    assert next(events) == Text("one")
    assert [event.code for event in events if isinstance(event, Close)] == [1009]


def test_a_ping_is_answered() -> None:
    (event,) = parse(client_frame("x", ABNF.OPCODE_PING))
    assert isinstance(event, Reply)
    assert event.data == b"\x8a\x01x"


def test_a_client_may_close_the_socket() -> None:
    assert parse(client_frame(b"\x03\xe8", ABNF.OPCODE_CLOSE)) == [PeerClosed(1000)]


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
def test_a_forbidden_frame_closes_with_its_code(stream: bytes, code: int) -> None:
    *parts, event = parse(stream, client_frame("unheard"))
    assert set(parts) <= {NoReply()}
    assert isinstance(event, Close)
    assert event.code == code


def test_an_oversize_message_is_detected_before_its_end() -> None:
    stream = client_frame("x" * 100_000)
    (event,) = parse(stream[:200])
    assert isinstance(event, Close)
    assert event.code == 1009


FRAMES = st.builds(
    client_frame,
    st.one_of(
        st.text(max_size=40).map(str.encode),
        st.binary(max_size=40),
        st.integers(120, 135).map(lambda size: b"x" * size),
        st.integers(290, 310).map(lambda size: "가".encode() * (size // 3)),
    ),
    st.sampled_from([ABNF.OPCODE_TEXT] * 4 + [0, 2, 8, 9, 10]),
    st.sampled_from([1, 1, 1, 0]),
)
# One byte of a frame replaced: its kind, its size, its mask or its payload is another.
BROKEN_FRAMES = st.builds(
    lambda frame, at, byte: frame[: at % len(frame)] + byte + frame[at % len(frame) + 1 :],
    FRAMES,
    st.integers(0, 9),
    st.binary(min_size=1, max_size=1),
)


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    parts = []
    for size in sizes:
        parts.append(stream[:size])
        stream = stream[size:]
    return [*parts, stream]


@given(
    st.lists(st.one_of(FRAMES, FRAMES, BROKEN_FRAMES, st.binary(max_size=9)), max_size=8),
    st.lists(st.integers(0, 200), max_size=12),
    st.sampled_from([50, 130, 300, 70_000]),
)
def test_frames_in_any_chunks_are_parsed_as_wsproto_does(
    frames: list[bytes], sizes: list[int], bytes_max: int
) -> None:
    framing, by_wsproto = Framing(bytes_max=bytes_max), Framing(bytes_max=bytes_max)
    by_wsproto._is_uncommon = True
    for part in cut(b"".join(frames), sizes):
        assert list(framing.receive(part)) == list(by_wsproto.receive(part))


def test_after_a_frame_in_parts_the_next_one_is_read_as_ever() -> None:
    framing = Framing(bytes_max=100)
    stream = client_frame("in parts") + client_frame("whole")
    first, second = stream[:9], stream[9:]
    assert list(framing.receive(first)) == []
    assert list(framing.receive(second)) == [Text("in parts"), Text("whole")]
    assert not framing._is_uncommon


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_text_frame_is_what_wsproto_would_send(size: int) -> None:
    expected = FrameProtocol(client=False, extensions=[]).send_data("x" * size)
    assert text_frame(b"x" * size) == bytes(expected)
