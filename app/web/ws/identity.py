"""Who speaks on a socket, as the sockets need to know it."""

from typing import Protocol


class Identity(Protocol):
    """A signed-in user, by an access token good until `expires_at_s` (epoch seconds)."""

    @property
    def user_id(self) -> int:
        """Of the user."""
        ...

    @property
    def nickname(self) -> str:
        """As others see it."""
        ...

    @property
    def is_suspended(self) -> bool:
        """Whether they read only."""
        ...

    @property
    def session_id(self) -> str:
        """The sign-in; when it ends, so do its sockets."""
        ...

    @property
    def expires_at_s(self) -> float:
        """Epoch seconds; the client renews by another `auth` before."""
        ...
