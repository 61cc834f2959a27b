"""The port `Passwords` by Argon2id."""

from collections.abc import Callable
from functools import cached_property
from typing import Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.settings import Limits

R = TypeVar("R")


class Offload(Protocol):
    """Runs a slow function where it does not stop the others of this process."""

    def __call__(self, function: Callable[..., R], arguments: tuple[str, ...], /) -> R:
        """The function's result, or its exception."""
        ...


# The hash is computed in one thread: more would be no cheaper, and take more cores from bids.
PARALLELISM = 1


class Argon2Passwords:
    """Hashes of 19 MiB and some 20 ms of a core each, by default, computed by way of `offload`.

    A stored hash names its own parameters, so that it stays good when the settings change.
    """

    def __init__(self, offload: Offload, *, limits: Limits) -> None:
        self._offload = offload
        self._hasher = PasswordHasher(
            time_cost=limits.password_passes,
            memory_cost=limits.password_memory_kib,
            parallelism=PARALLELISM,
        )

    def hash(self, password: str) -> str:
        """A salted hash."""
        return self._offload(self._hasher.hash, (password,))

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password; without a hash one is checked all the same."""
        is_right = self._offload(self._verify, (password_hash or self._dummy_hash, password))
        return is_right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash that matched has other parameters than a new one would have."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        # Here, not around the offload: its thread would print the exception.
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _dummy_hash(self) -> str:
        return self._offload(self._hasher.hash, ("nobody has this password",))
