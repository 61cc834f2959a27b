"""A notice to a user about an auction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

NoticeKind = Literal["outbid", "won", "lost", "sold", "unsold", "cancelled", "voided", "leading"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to one user; `params` fill the client's wording and hold no secret."""

    kind: NoticeKind
    user_id: int
    auction_id: int
    at: datetime
    params: Mapping[str, int | str | None]
