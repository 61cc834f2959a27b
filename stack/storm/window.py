"""When the last storm on this checkout's stack was, for `make boards`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.places import CHECKOUT

# What a run leaves behind: users and auctions of the last, its summary, when it was.
WORK_DIR = CHECKOUT / "var" / "storm"
WINDOW_FILE = WORK_DIR / "window.json"


@dataclass(frozen=True, slots=True)
class Window:
    """A storm of a script, from its first to its last moment, in seconds since 1970."""

    script: str
    driver: str
    from_s: float
    to_s: float


def remember(window: Window, file: Path) -> None:
    """Replace what `file` says."""
    file.write_text(json.dumps(asdict(window)), encoding="utf-8")


def recall(file: Path) -> Window | None:
    """The window in `file`; None when there was no storm yet."""
    if not file.exists():
        return None
    return Window(**json.loads(file.read_text(encoding="utf-8")))
