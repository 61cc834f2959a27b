"""What a gateway answered to an abuse, counted by kind, out of the bytes that came back.

Nothing is parsed that need not be: an answer's status, the code of an error frame, and the code
with which a socket was closed.
"""

import re

# An HTTP status, the code of an error that is a frame, or a type of an answer to a frame.
_ANSWER = re.compile(
    rb"HTTP/1\.[01] (\d{3}) "
    rb'|"type":"error",(?:"re":\d+,)?"code":"([A-Z_]+)"'
    rb'|"type":"(?!error)([a-z.]+)","re":'
)
# Close frames are the last thing on a socket: 1000 to 1015, 4000 to 4500.
_CLOSE = re.compile(rb"\x88[\x02-\x7d]([\x03\x0f\x10\x11][\x00-\xff])")
TAIL_BYTES = 160  # of what came, in which an answer may have begun; a close frame is shorter


class Answers:
    """The answers on one connection; `counts` is shared by all of an abuse."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts, self._tail = counts, b""

    def feed(self, data: bytes) -> None:
        """Count what has come whole."""
        data, end = self._tail + data, 0
        for found in _ANSWER.finditer(data):
            self._count(next(group for group in found.groups() if group).decode())
            end = found.end()
        # What was counted is not looked at again.
        self._tail = data[max(end, len(data) - TAIL_BYTES) :]

    def end(self) -> None:
        """The connection has ended: count how."""
        closes = _CLOSE.findall(self._tail)
        if closes:
            self._count(f"close {int.from_bytes(closes[-1], 'big')}")
        self._tail = b""

    def _count(self, kind: str) -> None:
        self._counts[kind] = self._counts.get(kind, 0) + 1
