"""What a hash costs is set, and one that cost otherwise is still good."""

from collections.abc import Callable
from typing import TypeVar

from app.adapters.passwords.argon2 import Argon2Passwords
from app.settings import Limits

R = TypeVar("R")

LEAST = Limits()
MORE = Limits(password_memory_kib=64 * 1024, password_passes=3)


def at_once(function: Callable[..., R], arguments: tuple[str, ...]) -> R:
    return function(*arguments)


def test_a_hash_costs_what_is_set_by_default_owasps_minimum() -> None:
    for limits, costs in {LEAST: "m=19456,t=2,p=1", MORE: "m=65536,t=3,p=1"}.items():
        made = Argon2Passwords(at_once, limits=limits).hash("a")
        assert made.startswith(f"$argon2id$v=19${costs}$")


def test_a_hash_with_older_parameters_stays_valid() -> None:
    before = Argon2Passwords(at_once, limits=MORE).hash("battery staple")
    passwords = Argon2Passwords(at_once, limits=LEAST)
    assert passwords.matches("battery staple", before)
    assert not passwords.matches("another", before)
    assert passwords.is_outdated(before)
    assert not passwords.is_outdated(passwords.hash("battery staple"))


def test_an_unknown_accounts_password_is_hashed_too() -> None:
    counted: list[str] = []

    def counting(function: Callable[..., R], arguments: tuple[str, ...]) -> R:
        counted.append(arguments[-1])
        return function(*arguments)

    passwords = Argon2Passwords(counting, limits=LEAST)
    stored_hash = passwords.hash("battery staple")
    assert not passwords.matches("wrong", None)  # computes the hash of unknown users, once
    counted.clear()
    assert not passwords.matches("wrong", stored_hash)
    assert not passwords.matches("wrong", None)
    assert counted == ["wrong", "wrong"]
