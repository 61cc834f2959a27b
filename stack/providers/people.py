"""The people who have accounts with the providers: some to choose from, and whoever is made up."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

NUMBER_MAX = 10**10
NAME_MAX, EMAIL_MAX = 60, 254


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as one provider knows them; `number` is what subjects are made of."""

    number: int
    name: str
    email: str | None = None
    email_verified: bool = True


KNOWN: Mapping[str, tuple[Person, ...]] = {
    "google": (
        Person(4_100_000_001, "Grace Kim", "grace.kim@example.com"),
        Person(4_100_000_002, "Gus Olsen", "gus.olsen@example.com"),
        Person(4_100_000_003, "Gina Park", "gina.park@example.com", email_verified=False),
    ),
    "kakao": (
        Person(3_100_000_001, "김하나", "hana.kim@example.com"),
        Person(3_100_000_002, "이두리"),
        Person(3_100_000_003, "박세찬"),
        Person(3_100_000_004, "최네모", "nemo.choi@example.com", email_verified=False),
    ),
    "naver": (
        Person(2_100_000_001, "정나래", "narae.jung@example.com"),
        Person(2_100_000_002, "한누리", "nuri.han@example.com"),
    ),
}


def person_of(provider: str, chosen: str, name: str, email: str) -> Person | None:
    """Return who was chosen: one of those known, or by name and address somebody made up.

    The same name and address are the same person again. None: nobody was.
    """
    for person in KNOWN[provider]:
        if chosen == str(person.number):
            return person
    name, email = name.strip()[:NAME_MAX], email.strip()[:EMAIL_MAX]
    if not name:
        return None
    digest = hashlib.sha256(f"{provider}\n{name}\n{email}".encode()).digest()
    return Person(int.from_bytes(digest[:8]) % NUMBER_MAX + NUMBER_MAX, name, email or None)
