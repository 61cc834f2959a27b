"""The invariants of system.md by number, each in a few words."""

from collections.abc import Mapping
from typing import Final

INVARIANTS: Final[Mapping[str, str]] = {
    "I1": "every receipt names its record in the log",
    "I2": "every record taken is in exactly one place",
    "I3": "every decided bid has its log record",
    "I4": "nothing waits longer than 30 s, parked lanes aside",
    "I5": "one effect and one answer per bid",
    "I6": "seq follows the log without a hole",
    "I7": "every auction is the fold of its log",
    "I8": "every accepted bid met the minimum, no price fell but by a void",
    "I9": "every accepted bid was in time, none by the seller",
    "I10": "at most one ending, the leader wins",
    "I11": "every state is published in order",
    "I12": "the committed offset never passes progress",
    "I13": "a reconnected client shows what a fresh one does",
    "I14": "every chat message is stored once, in one order",
    "I15": "every decision follows from log time alone",
}
