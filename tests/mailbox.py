"""The mails in the stack's Mailpit, read through its API."""

import re
from typing import Any
from uuid import uuid4

import httpx

from tests.waiting import CALL_S, wait_until

LINK = re.compile(r"https?://\S+#(\S+)")


class Mailbox:
    """The mails to one address."""

    def __init__(self, mailpit_url: str, address: str) -> None:
        self._http = httpx.Client(base_url=mailpit_url, timeout=CALL_S)
        self.address = address

    def another(self) -> "Mailbox":
        """The mailbox of a new address."""
        return Mailbox(str(self._http.base_url), f"{uuid4().hex}@example.org")

    def mails(self) -> list[Any]:
        """All of them, newest first, in short."""
        found = self._http.get("/api/v1/search", params={"query": f'to:"{self.address}"'})
        return list(found.json()["messages"])

    def full_mails(self, *, of: int) -> list[Any]:
        """All of them with their texts, newest first, when there are so many."""
        wait_until(lambda: len(self.mails()) >= of, what=f"mail {of} to {self.address}")
        paths = [f"/api/v1/message/{mail['ID']}" for mail in self.mails()]
        return [self._http.get(path).json() for path in paths]

    def newest(self, *, of: int) -> Any:
        """The newest when there are so many."""
        return self.full_mails(of=of)[0]


def link_in(mail: Any) -> str:
    """The link in the text of a mail."""
    found = LINK.search(mail["Text"])
    assert found, mail["Text"]
    return found[0]


def token_in(mail: Any) -> str:
    """The token in the link."""
    return link_in(mail).partition("#")[2]
