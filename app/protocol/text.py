"""The rule for texts (wire.md, Bounds): trimmed, NFC, no control characters, something to be seen.

What bounds the cost comes first: normalising sorts every run of combining marks, in time that
grows with the square of its length.
"""

import re
import unicodedata
from dataclasses import dataclass

# Unicode's Stream-Safe Text Format (UAX #15, 13) allows as many; no script needs more.
MARKS_RUN_MAX = 30
# No character of NFC stands for more characters of its decomposition (UAX #15, 9).
DECOMPOSED_FACTOR = 4

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, and two that only look so:
# the blank of Braille and the null notehead.
_BLANK = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\u2800\U0001d159"
)
_NOT_BLANK = re.compile(f"[^\\s{_BLANK}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_OR_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class TextRule:
    """How a text is cleaned: `secret` ones are only normalised, `lines` are trimmed and may have
    line feeds, `line` is trimmed and one line."""

    kind: str
    length_max: int


class TextError(ValueError):
    """A text that breaks the rule; `code` is the fault's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def clean_text(text: str, rule: TextRule) -> str:
    """Return the text as it is kept. Raise TextError when it breaks the rule.

    A text that is too long even if it were decomposed is given back as it came, too long.
    """
    if rule.kind != "secret":
        text = text.strip()
    if len(text) > rule.length_max * DECOMPOSED_FACTOR:
        return text
    if not text.isascii():
        _check_marks(text)
        text = unicodedata.normalize("NFC", text)
    if rule.kind != "secret":
        _check_characters(text, rule)
    return text


def _check_marks(text: str) -> None:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        if run > MARKS_RUN_MAX:
            message = f"has more than {MARKS_RUN_MAX} combining marks in a row"
            raise TextError("COMBINING_MARKS", message)


def _check_characters(text: str, rule: TextRule) -> None:
    if rule.kind == "lines":
        found = _CONTROL.search(text.replace("\n", ""))
    else:
        found = _CONTROL_OR_LINE.search(text)
    if found:
        raise TextError("CONTROL_CHARACTER", "contains a control character")
    if text and not _NOT_BLANK.search(text):
        raise TextError("INVISIBLE", "shows nothing")
