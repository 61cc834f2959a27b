"""Common passwords, by zxcvbn: lists of passwords, words and names, and usual patterns."""

from collections.abc import Sequence

from zxcvbn import zxcvbn

GUESSES_MIN = 10**6  # below it zxcvbn calls a password "very guessable", even online
# What is looked at takes 25 ms at most: with more characters, or with more signs of which each may
# stand for several letters, its search for spellings such as `p@ssw0rd` takes ten times as long.
CHECKED_CHARACTERS = 16  # a password that begins with an early guess is refused
SIGNS_MAX = 3  # no early guess has more kinds of them


def is_common(password: str, personal: Sequence[str]) -> bool:
    """Return whether the password is among the first guesses; `personal` texts are guessed at
    once."""
    if password.lower() in (text.lower() for text in personal):
        return True
    begins = password[:CHECKED_CHARACTERS]
    if len({sign for sign in begins if not sign.isalnum()}) > SIGNS_MAX:
        return False
    estimate = zxcvbn(begins, user_inputs=[*personal])
    return int(estimate["guesses"]) < GUESSES_MIN
