"""Nicknames reserved for the operators of the site, in any spelling."""

import re
from collections.abc import Callable, Iterator

Skeleton = Callable[[str], str]
"""What a text looks like: the same for texts that are taken for each other (UTS #39)."""

# A nickname, or a word of one, that is one of these: `Admin`, `Admin Kim`, `the-admin2`.
WORDS = frozenset({
    "admin", "admins", "administrator", "administrators", "auctionhouse", "auctioneer", "helpdesk",
    "hostmaster", "moderator", "moderators", "official", "operator", "postmaster", "root",
    "security", "staff", "superuser", "support", "sysadmin", "system", "webmaster",
})  # fmt: skip
# A nickname that is one of these and nothing else: they are words of many an honest one.
EXACT = frozenset({
    "help", "house", "info", "mod", "mods", "notice", "service", "team",
    "공식", "공지", "시스템", "경매장",
})  # fmt: skip
# Korean words go on without a space: a nickname that has one of these anywhere.
SUBSTRINGS = (
    "관리자", "관리인", "관리팀", "운영자", "운영진", "운영팀", "어드민", "모더레이터",
    "고객센터", "고객지원", "지원팀", "상담원", "공식계정",
)  # fmt: skip
# Letters and digits; a capital after a small letter begins another word.
_WORD = re.compile(r"[^\W_]+")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIGITS = "0123456789"


class ReservedNicknames:
    """The reserved nicknames, compared by their skeletons."""

    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._words = {shape for word in WORDS for shape in self._skeletons(word)}
        self._exact = {shape for word in EXACT for shape in self._skeletons(word)} | self._words
        self._substrings = [skeleton(word) for word in SUBSTRINGS]

    def __contains__(self, nickname: str) -> bool:
        """Return whether the nickname is, contains or looks like a reserved word."""
        words = _WORD.findall(nickname)
        joined = "".join(words)
        parts = [part for word in words for part in (word, *_CASE.split(word))]
        shape = self._skeleton(joined)
        return (
            any(word in shape for word in self._substrings)
            or any(shape in self._exact for shape in self._skeletons(joined))
            or any(shape in self._words for part in parts for shape in self._skeletons(part))
        )

    def _skeletons(self, word: str) -> Iterator[str]:
        """Yield the skeletons of the word in each case, because small and capital letters look like
        different letters."""
        for form in (word, word.strip(_DIGITS)):
            for cased in (form, form.lower(), form.upper()):
                yield self._skeleton(cased).replace("rn", "m")
