"""What is to be run, and against which house; refused in one line when it cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.faults import Parser, StackFault
from stack.places import CHECKOUT
from stack.readiness import complaint_of

SCRIPTS_DIR = CHECKOUT / "k6"
DEFAULT_SCRIPT = "storm"


@dataclass(frozen=True, slots=True)
class Target:
    """A script and the address of the house; `is_own` is true for this checkout's own stack."""

    script: Path
    url: str
    is_own: bool
    only_prepare: bool

    @property
    def ws_url(self) -> str:
        """The address of its WebSocket."""
        return f"ws{self.url.removeprefix('http')}/ws"


def read_target(arguments: Sequence[str], *, own_url: str) -> Target:
    """The target that `arguments` name. Raises StackFault when there is no such script or house."""
    parser = Parser(prog="make storm", description=__doc__)
    parser.add_argument("script", nargs="?", default=DEFAULT_SCRIPT, help=", ".join(names()))
    parser.add_argument("--url", default=own_url, help="another house than this checkout's")
    parser.add_argument(
        "--prepare", action="store_true", help="sign the users in, say how to run k6, and end"
    )
    options = parser.parse_args(arguments)
    if options.script not in names():
        raise StackFault(f"no script {options.script}: there are {', '.join(names())}")
    url = options.url.rstrip("/")
    if complaint := complaint_of(url, degraded_is_fine=True):
        advice = "" if url != own_url else ": `make up` starts the stack"
        raise StackFault(f"{complaint}{advice}")
    return Target(
        script=SCRIPTS_DIR / f"{options.script}.js",
        url=url,
        is_own=url == own_url,
        only_prepare=options.prepare,
    )


def names() -> list[str]:
    """The scripts of k6/."""
    return sorted(file.stem for file in SCRIPTS_DIR.glob("*.js"))
