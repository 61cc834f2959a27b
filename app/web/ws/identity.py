"""Who speaks on a socket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user, by an access token good until `expires_at_s` (epoch seconds)."""

    user_id: int
    nickname: str
    session_id: str
    expires_at_s: float
