"""A process and everything it has started, by pid."""

from pathlib import Path


def process_tree(pid: int) -> list[int]:
    """The process and its descendants, parents first; none that has just ended."""
    found, waiting = [], [pid]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += _children(process)
    return found


def _children(pid: int) -> list[int]:
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(child) for child in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return children
