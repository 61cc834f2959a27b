"""What abusers send, byte by byte: requests, handshakes and frames."""

import base64
import json
import struct

TEXT, CONTINUATION, PING = 0x1, 0x0, 0x9
FINAL, COMPRESSED, MASKED = 0x80, 0x40, 0x80
KEEP = "Host: 127.0.0.1\r\nConnection: keep-alive\r\n"
JSON = "Content-Type: application/json\r\n"


def frame(opcode: int, payload: bytes, *, is_last: bool = True, flags: int = 0) -> bytes:
    """A client's frame, under the mask 0: it costs the server as much as any other."""
    first = bytes([opcode | (FINAL if is_last else 0) | flags])
    return first + _length(len(payload)) + bytes(4) + payload


def _length(size: int) -> bytes:
    if size < 126:
        return bytes([MASKED | size])
    if size < 1 << 16:
        return bytes([MASKED | 126]) + struct.pack("!H", size)
    return bytes([MASKED | 127]) + struct.pack("!Q", size)


def message(number: int, type_: str, **fields: object) -> bytes:
    """A text frame as wire.md has it; ids rise with `number`, above that of `auth`."""
    body = {"id": number + 1, "type": type_, **fields}
    return frame(TEXT, json.dumps(body, ensure_ascii=False).encode())


def request(method: str, path: str, headers: str = "", body: bytes = b"") -> bytes:
    """An HTTP request on a connection that stays."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{KEEP}{headers}{length}\r\n".encode() + body


def post(path: str, body: object, headers: str = "") -> bytes:
    """A POST of JSON; bytes go as they are."""
    sent = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return request("POST", path, JSON + headers, sent)


def handshake(origin: str | None, *, version: int = 13, key: str | None = None) -> bytes:
    """A request to become a WebSocket, from a page of `origin`."""
    key = base64.b64encode(bytes(16)).decode() if key is None else key
    said = "" if origin is None else f"Origin: {origin}\r\n"
    return (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"{said}Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def bearer(token: str) -> str:
    """Return the header of a signed-in user."""
    return f"Authorization: Bearer {token}\r\n"
