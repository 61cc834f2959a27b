"""What every client sent, was told and shows: one JSON object a line, for the audit to judge."""

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Frame = dict[str, Any]
Event = Literal["sent", "told", "shown"]
Transport = Literal["ws", "http"]


@dataclass(frozen=True, slots=True)
class Author:
    """Whose experience a line is: `client` is unique, `user_id` is None for a guest."""

    client: str
    user_id: int | None
    transport: Transport


class Journal:
    """Appends to one file at a time; safe from any number of threads."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self.file = file
        self._out = file.open("w", encoding="utf-8")

    def turn(self, file: Path) -> Path:
        """Go on in another file; the one that is complete now."""
        with self._lock:
            self._out.close()
            complete, self.file = self.file, file
            self._out = file.open("w", encoding="utf-8")
        return complete

    def write(self, author: Author, event: Event, frame: Frame) -> None:
        """Remember one frame, in the order of this client's experience."""
        line = json.dumps(
            {
                "at_ms": time.time_ns() // 1_000_000,
                "client": author.client,
                "user_id": author.user_id,
                "event": event,
                "transport": author.transport,
                "frame": frame,
            },
            ensure_ascii=False,
        )
        with self._lock:
            self._out.write(line + "\n")

    def close(self) -> None:
        """Everything is on the disk."""
        self._out.close()
