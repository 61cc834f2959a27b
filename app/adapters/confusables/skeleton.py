"""Skeletons of UTS #39 by disarm, which has Unicode's table of confusable characters."""

from disarm import skeleton_key


def skeleton(text: str) -> str:
    """Return what `text` looks like, in small letters: digits are as the letters they resemble."""
    return skeleton_key(text, digit_policy="tr39")
