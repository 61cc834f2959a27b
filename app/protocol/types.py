"""The bounds of every field a client sends or sees (wire.md, Bounds), as annotated types."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

INT64_MAX = 2**63 - 1
AMOUNT_MIN, AMOUNT_MAX = 1, 10**12

# `text` marks what is trimmed and NFC-normalised before its bounds are checked.
_TEXT = {"text": True}

Id = Annotated[int, Meta(ge=1, le=INT64_MAX)]
Seq = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Amount = Annotated[int, Meta(ge=AMOUNT_MIN, le=AMOUNT_MAX)]
# (?!\n): in Python's dialect `$` also matches before a last line feed; ECMA's reads it the same.
Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$")]
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+(?!\n)$", extra=_TEXT)]
Password = Annotated[str, Meta(min_length=10, max_length=128)]
Nickname = Annotated[str, Meta(min_length=1, max_length=30, extra=_TEXT)]
Name = Annotated[str, Meta(min_length=1, max_length=120, extra=_TEXT)]
Description = Annotated[str, Meta(max_length=10_000, extra=_TEXT)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, extra=_TEXT)]
ChatText = Annotated[str, Meta(min_length=1, max_length=2_000, extra=_TEXT)]
Instant = Annotated[datetime, Meta(tz=True)]
WindowSeconds = Annotated[int, Meta(ge=0, le=3_600)]
ExtensionsMax = Annotated[int, Meta(ge=0, le=100)]

Currency = Literal["KRW", "JPY", "USD", "EUR"]
BidKind = Literal["exact", "max"]
SaleType = Literal["auction", "direct"]
AuctionMode = Literal["timed", "live"]
AuctionStatus = Literal["scheduled", "open", "closed", "cancelled"]
Channel = Annotated[str, Meta(pattern=r"^(auctions|(auction|room):[1-9][0-9]{0,18})(?!\n)$")]
Timestamp = Annotated[str, Meta(description="RFC 3339, UTC, milliseconds", extra={"out": True})]
