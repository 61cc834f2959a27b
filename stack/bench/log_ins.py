"""People who log in beside a storm: five a second, each once, by the password."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LOG_INS_PER_S = 5.0  # 300 in a minute
AT_ONCE = 16
ANSWER_TIMEOUT_S = 30.0


@dataclass(slots=True)
class LogIns:
    """What became of them."""

    answered_s: list[float] = field(default_factory=list)
    refused: int = 0

    def __str__(self) -> str:
        slowest = f", {max(self.answered_s):.2f} s at most" if self.answered_s else ""
        return f"{len(self.answered_s)} done{slowest}, {self.refused} refused"


@contextmanager
def log_ins_meanwhile(
    base_url: str, users_file: Path, *, seconds: float, done: LogIns
) -> Iterator[None]:
    """Let users of the load generator log in, evenly over `seconds`; what they got is in `done`.

    It ends with the last of them, or early when it is left.
    """
    users = json.loads(users_file.read_text(encoding="utf-8"))["users"]
    left = threading.Event()

    def pace() -> None:
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number in range(max(1, round(LOG_INS_PER_S * seconds))):
                if left.wait(max(0.0, begun + number / LOG_INS_PER_S - time.monotonic())):
                    return
                pool.submit(_log_in, base_url, users[number % len(users)], done)

    thread = threading.Thread(target=pace, name="log-ins", daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
        thread.join()


def _log_in(base_url: str, user: dict[str, str], done: LogIns) -> None:
    body = {"email": user["email"], "password": user["password"], "delivery": "body"}
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{base_url}/api/auth/login",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Origin": base_url},
    )
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310
            answer.read()
    except (urllib.error.URLError, OSError):
        done.refused += 1
        return
    done.answered_s.append(time.monotonic() - begun)
