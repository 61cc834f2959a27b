"""Metrics that several processes share by files in one directory."""

from pathlib import Path

PROC = Path("/proc")


def forget_dead_processes(directory: Path) -> None:
    """Remove what ended processes said of themselves while they lived, such as open sockets.

    What they counted stays: a counter never falls. To be called before the metrics are read:
    gunicorn tells of a worker's end, but nobody does when it was killed together with its workers.
    """
    for file in directory.glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if not (PROC / pid).exists():
            file.unlink(missing_ok=True)
