"""A client's journal: JSON lines, one event each, in the order in which the client met them.

Written by clients that test the house, read by the audit, which holds what clients were told
against the log and the stores.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct


class JournalLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One event. `client` names a session of one client uniquely; `at_ms` is epoch milliseconds.

    `sent` and `told` hold a frame of wire.md, those of HTTP in the form of the same frames.
    `shown` holds what the client shows of an auction at rest: `auction_id`, `by` (`reconnected` or
    `fresh`) and `state`, the fields of `auction.state` without `bids` and `from_seq`.
    """

    at_ms: int
    client: str
    user_id: int | None
    event: Literal["sent", "told", "shown"]
    transport: Literal["ws", "http"]
    frame: dict[str, Any]


class JournalError(ValueError):
    """A journal that cannot be read; the message says where."""


journal_line_decoder = msgspec.json.Decoder(JournalLine)
