"""The environment's settings: reading them, and the page that lists them.

`python -m lanes.configuration PAGE` writes the page (docs/lanes/configuration.md); with `--check`
it only says whether the page is what it would write.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo, fields

from lanes.made_page import write_or_check
from lanes.settings import KafkaSettings, LaneLimits, ServerSettings

S = TypeVar("S", bound=Struct)

PREFIXES: dict[type[Struct], str] = {
    ServerSettings: "",
    KafkaSettings: "KAFKA_",
    LaneLimits: "LANES_",
}
"""What the names of these settings begin with in the environment."""

INTRODUCTION = """\
# Configuration

Made by `make docs` from `lanes/settings.py`: change that, not this.

`Platform.from_env()` reads these variables once, and reports every fault in a line of its own. A
platform that is composed by hand takes the same as arguments: `KafkaSettings(…)` and
`LaneLimits(…)`, whose fields have these names without their prefix. The last word of a name is its
unit. `LANES_APP` (`MODULE:PLATFORM`) says which platform a command runs, as its option `-A` does.
"""
TITLES: dict[type[Struct], str] = {
    ServerSettings: "Servers",
    KafkaSettings: "Kafka",
    LaneLimits: "Limits",
}
TABLE = ["| variable | default | what |", "|---|---|---|"]


def read_settings(kind: type[S], environment: Mapping[str, str], faults: list[str]) -> S | None:
    """Return the settings that the environment describes, or None and a line for each fault."""
    found: dict[str, Any] = {}
    own: list[str] = []
    for field in fields(kind):
        name = variable(kind, field)
        if field.required and not environment.get(name):
            own.append(f"{name} is not set")
        elif name in environment:
            try:
                found[field.name] = msgspec.convert(environment[name], field.type, strict=False)
            except msgspec.ValidationError as error:
                own.append(f"{name}: {error}")
    faults += own
    return None if own else kind(**found)


def variable(kind: type[Struct], field: FieldInfo) -> str:
    """Return the name of a setting in the environment."""
    return PREFIXES[kind] + field.name.upper()


def page() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *(_section(kind) for kind in PREFIXES)])


def _section(kind: type[Struct]) -> str:
    lines = [_line(kind, one) for one in fields(kind)]
    return "\n".join([f"## {TITLES[kind]}\n", *TABLE, *lines, ""])


def _line(kind: type[Struct], field: FieldInfo) -> str:
    return f"| `{variable(kind, field)}` | {_default(field)} | {meaning(field)} |"


def _default(field: FieldInfo) -> str:
    if field.default is NODEFAULT:
        return "required"
    return f"`{field.default}`" if field.default not in ("", None) else ""


def meaning(field: FieldInfo) -> str:
    """Return what a setting says of itself."""
    metas = getattr(field.type, "__metadata__", ())
    return " ".join(one.description for one in metas if isinstance(one, Meta) and one.description)


def main(arguments: Sequence[str]) -> int:
    """Write the page; with `--check` 1 and a line when it is another."""
    path, *options = arguments
    return write_or_check(Path(path), page(), options, name=path, content="settings")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
