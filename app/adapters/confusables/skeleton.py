"""Skeletons of UTS #39 by disarm, which has Unicode's table of confusable characters."""

from disarm import skeleton_key


def skeleton(text: str) -> str:
    """Return the skeleton of `text` in small letters: texts that look alike have the same one.
    Digits count as the letters they resemble."""
    return skeleton_key(text, digit_policy="tr39")
