"""The invariants that the audit checks, by number, each in a few words."""

from collections.abc import Mapping
from typing import Final

from lanes.audit import INVARIANTS as PLATFORM

INVARIANTS: Final[Mapping[str, str]] = {
    "I1": "every receipt names its record in the log",
    "I2": PLATFORM["I2"],
    "I3": "every decided bid has its log record",
    "I4": PLATFORM["I4"],
    "I5": "one effect and one answer per bid",
    "I6": "seq follows the log without a hole",
    "I7": "every auction is the fold of its log",
    "I8": "every accepted bid met the minimum, no price fell but by a void",
    "I9": "every accepted bid was in time, none by the seller",
    "I10": "at most one ending, the leader wins",
    "I11": PLATFORM["I11"],
    "I12": PLATFORM["I12"],
    "I13": "a reconnected client shows what a fresh one does",
    "I14": "every chat message is stored once, in one order",
    "I15": PLATFORM["I15"],
}
