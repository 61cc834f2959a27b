"""The signed-in user of a socket."""

from typing import Protocol


class Identity(Protocol):
    """A signed-in user, by an access token valid until `expires_at_s` (epoch seconds)."""

    @property
    def user_id(self) -> int:
        """The user's id."""
        ...

    @property
    def nickname(self) -> str:
        """The public name."""
        ...

    @property
    def is_suspended(self) -> bool:
        """Whether the user may only read."""
        ...

    @property
    def session_id(self) -> str:
        """The sign-in; when it ends, so do its sockets."""
        ...

    @property
    def expires_at_s(self) -> float:
        """Epoch seconds; the client renews by another `auth` before."""
        ...
