"""The bounds of every field a client sends or sees (wire.md, Bounds), as annotated types."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from app.domain.money import AMOUNT_MAX, AMOUNT_MIN

INT64_MAX = 2**63 - 1

# `text` marks what text.py cleans, and how, before its bounds are checked.
LINE, LINES, SECRET = {"text": "line"}, {"text": "lines"}, {"text": "secret"}
EMAIL_MAX, PASSWORD_MIN, PASSWORD_MAX, NICKNAME_MAX = 254, 10, 128, 30

Id = Annotated[int, Meta(ge=1, le=INT64_MAX)]
Seq = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Amount = Annotated[int, Meta(ge=AMOUNT_MIN, le=AMOUNT_MAX)]
# (?!\n): in Python's dialect `$` also matches before a last line feed; ECMA's reads it the same.
Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$")]
Email = Annotated[str, Meta(max_length=EMAIL_MAX, pattern=r"^[^@\s]+@[^@\s]+(?!\n)$", extra=LINE)]
Password = Annotated[str, Meta(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX, extra=SECRET)]
Nickname = Annotated[str, Meta(min_length=1, max_length=NICKNAME_MAX, extra=LINE)]
Name = Annotated[str, Meta(min_length=1, max_length=120, extra=LINE)]
Description = Annotated[str, Meta(max_length=10_000, extra=LINES)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, extra=LINES)]
ChatText = Annotated[str, Meta(min_length=1, max_length=2_000, extra=LINES)]
Instant = Annotated[datetime, Meta(tz=True)]
WindowSeconds = Annotated[int, Meta(ge=0, le=3_600)]
ExtensionsMax = Annotated[int, Meta(ge=0, le=100)]

Role = Literal["user", "moderator", "admin"]
UserStatus = Literal["active", "suspended", "banned"]
Provider = Literal["google", "kakao", "naver"]
Language = Literal["ko", "en"]
SaleType = Literal["auction", "direct"]
Channel = Annotated[str, Meta(pattern=r"^(auctions|(auction|room):[1-9][0-9]{0,18})(?!\n)$")]
Timestamp = Annotated[str, Meta(description="RFC 3339, UTC, milliseconds", extra={"out": True})]
