"""The commands of operators: `audit`, `replay` and `lanes`."""

from collections.abc import Callable, Sequence

from app.bootstrap.operator import build_operator_container
from bridge import audit, lanes, replay
from bridge.command import MakeContainer

COMMANDS: dict[str, Callable[[Sequence[str], MakeContainer], int]] = {
    "audit": audit.main,
    "replay": replay.main,
    "lanes": lanes.main,
}


def operate(
    arguments: Sequence[str], make_container: MakeContainer = build_operator_container
) -> int:
    """Run the command that is named first; return its exit code.

    `make_container` builds the container with the lane topics: the application's, or another's.
    """
    name, *rest = arguments
    return COMMANDS[name](rest, make_container)
