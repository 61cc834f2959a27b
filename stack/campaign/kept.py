"""What a campaign keeps between starts: its seed, results, journals, and logs of what failed."""

import json
import random
import shutil
from dataclasses import asdict
from pathlib import Path

from stack.campaign.results import Result
from stack.places import CHECKOUT

SEEDS = 1_000_000


def directory_of(profile: str) -> Path:
    """Where the campaign on this profile keeps all that, unless it is told another place."""
    return CHECKOUT / "var" / f"{profile}-campaign"


class Kept:
    """Everything under one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.journals = directory / "journals"
        self.logs = directory / "logs"
        self.journals.mkdir(parents=True, exist_ok=True)

    @classmethod
    def fresh(cls, directory: Path) -> "Kept":
        """What an earlier start kept is forgotten."""
        shutil.rmtree(directory, ignore_errors=True)
        return cls(directory)

    def keep(self, result: Result) -> None:
        """Remember it for a restart."""
        self._file(result.name).write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")

    def good(self, name: str, *, seed: int, minutes: float, bids_per_s: float) -> Result | None:
        """What an earlier start found under the same conditions, if that was good."""
        try:
            result = self.result(name)
        except (FileNotFoundError, TypeError):  # none, or one of an older campaign's shape
            return None
        found = (result.seed, result.minutes, result.bids_per_s)
        return result if found == (seed, minutes, bids_per_s) and result.held else None

    def result(self, name: str) -> Result:
        """The last result of that name, good or bad; FileNotFoundError when there is none."""
        return Result.from_json(self._file(name).read_text(encoding="utf-8"))

    def seed(self, given: int | None) -> int:
        """The seed given, or that of the campaign that goes on, or one that is drawn."""
        file = self._directory / "seed"
        if given is None and file.exists():
            return int(file.read_text(encoding="utf-8"))
        seed = random.SystemRandom().randrange(SEEDS) if given is None else given
        file.write_text(str(seed), encoding="utf-8")
        return seed

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.json"
