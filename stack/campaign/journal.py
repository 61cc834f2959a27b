"""What every client sent, received and shows: one JSON object a line, read by the audit."""

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stack.websocket_client import Frame

Event = Literal["sent", "told", "shown"]
Transport = Literal["ws", "http"]


@dataclass(frozen=True, slots=True)
class Author:
    """The client that writes a line: `client` is unique, `user_id` is None for a guest."""

    client: str
    user_id: int | None
    transport: Transport


class Journal:
    """Appends to one file at a time; safe from any number of threads."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self.file = file
        self._out = file.open("w", encoding="utf-8")

    def rotate(self, file: Path) -> Path:
        """Continue in another file. Return the one that is complete now."""
        with self._lock:
            self._out.close()
            complete, self.file = self.file, file
            self._out = file.open("w", encoding="utf-8")
        return complete

    def write(self, author: Author, event: Event, frame: Frame) -> None:
        """Append one frame; those of one client stay in its order."""
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
        """Flush and close the file."""
        self._out.close()
