"""What a hash costs is set, and one that cost otherwise is still good."""

from collections.abc import Callable
from typing import TypeVar

from app.adapters.passwords.argon2 import Argon2Passwords
from app.settings import Limits

R = TypeVar("R")

LEAST = Limits(password_memory_kib=19 * 1024, password_passes=2)


def at_once(function: Callable[..., R], arguments: tuple[str, ...]) -> R:
    return function(*arguments)


def test_a_hash_costs_what_is_set_and_by_default_what_the_rfc_says() -> None:
    assert Argon2Passwords(at_once, limits=LEAST).hash("a").startswith("$argon2id$v=19$m=19456,t=2")
    assert (
        Argon2Passwords(at_once, limits=Limits()).hash("a").startswith("$argon2id$v=19$m=65536,t=3")
    )


def test_a_password_of_before_a_change_is_still_good() -> None:
    before = Argon2Passwords(at_once, limits=LEAST).hash("battery staple")
    passwords = Argon2Passwords(at_once, limits=Limits())
    assert passwords.matches("battery staple", before)
    assert not passwords.matches("another", before)


def test_a_password_of_nobody_takes_as_many_hashes_to_refuse() -> None:
    counted: list[str] = []

    def counting(function: Callable[..., R], arguments: tuple[str, ...]) -> R:
        counted.append(arguments[-1])
        return function(*arguments)

    passwords = Argon2Passwords(counting, limits=LEAST)
    of_somebody = passwords.hash("battery staple")
    assert not passwords.matches("wrong", None)  # makes the hash of nobody, once
    counted.clear()
    assert not passwords.matches("wrong", of_somebody)
    assert not passwords.matches("wrong", None)
    assert counted == ["wrong", "wrong"]
