"""What is kept between runs of a campaign: its seed, results, journals, and logs of failures."""

import json
import random
import shutil
from dataclasses import asdict
from pathlib import Path

from stack.campaign.results import Result
from stack.places import CHECKOUT

SEEDS = 1_000_000


def directory_of(profile: str) -> Path:
    """Return the default directory of the campaign on this profile."""
    return CHECKOUT / "var" / f"{profile}-campaign"


class ResultStore:
    """Everything under one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.journals = directory / "journals"
        self.logs = directory / "logs"
        self.journals.mkdir(parents=True, exist_ok=True)

    @classmethod
    def fresh(cls, directory: Path) -> "ResultStore":
        """Empty the directory first."""
        shutil.rmtree(directory, ignore_errors=True)
        return cls(directory)

    def save(self, result: Result) -> None:
        """Save it for a later run."""
        self._file(result.name).write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")

    def load_good(
        self, name: str, *, seed: int, minutes: float, bids_per_s: float
    ) -> Result | None:
        """Return the result of an earlier run under the same conditions, if it held."""
        try:
            result = self.result(name)
        except (
            FileNotFoundError,
            KeyError,
            TypeError,
        ):  # none, or an older shape
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
