"""The seed of a campaign: given, or that of the one that goes on, or drawn."""

import random

from stack.campaign.results import KEPT

FILE = KEPT / "seed"
SEEDS = 1_000_000


def remembered_seed(given: int | None) -> int:
    """Also remembered for the next start."""
    if given is None and FILE.exists():
        return int(FILE.read_text(encoding="utf-8"))
    seed = random.SystemRandom().randrange(SEEDS) if given is None else given
    KEPT.mkdir(parents=True, exist_ok=True)
    FILE.write_text(str(seed), encoding="utf-8")
    return seed
