"""The structs of HTTP bodies, answers and frames as one JSON Schema document, for client builds.

`python -m app.protocol.export` prints it; the browser client makes its types from it. Every public
struct of the listed modules is a `$defs` entry under its own name.
"""

import sys
from importlib import import_module
from inspect import getmembers, isclass
from typing import Any

import msgspec
from msgspec import Struct

MODULES = tuple(f"app.protocol.{name}" for name in ("resources", "frames", "outcomes", "pushes"))
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def protocol_schema() -> dict[str, Any]:
    """The document: `$defs` from struct name to schema, names sorted."""
    structs = {struct.__name__: struct for module in MODULES for struct in _structs(module)}
    _, components = msgspec.json.schema_components(
        [structs[name] for name in sorted(structs)], ref_template="#/$defs/{name}"
    )
    return {"$schema": DIALECT, "title": "Protocol", "type": "object", "$defs": components}


def _structs(module: str) -> list[type[Struct]]:
    found = getmembers(import_module(module), isclass)
    return [kind for _, kind in found if issubclass(kind, Struct) and kind.__module__ == module]


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(protocol_schema())).decode() + "\n")
