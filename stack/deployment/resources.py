"""Whether resources of Kubernetes are what their types say, unknown fields being faults."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from stack.deployment.loading import KUBERNETES
from stack.settings import Versions

# KEDA's type of ScaledObjects, as KEDA 2.20.2 publishes it (Apache-2.0).
CUSTOM_TYPES = KUBERNETES / "schemas"


def faults_of(resource: dict[str, Any]) -> Iterator[str]:
    """Yield a line per fault."""
    name = f"{resource.get('kind')} {resource.get('metadata', {}).get('name')}"
    try:
        schema = _custom_schemas().get((resource["apiVersion"], resource["kind"]))
        if schema is None:
            kubernetes_validate.validate(resource, Versions.kubernetes, strict=True)
        else:
            jsonschema.validate(resource, schema)
    except kubernetes_validate.SchemaNotFoundError as error:
        yield f"{name}: {error.message}"
    except jsonschema.ValidationError as error:
        place = ".".join(str(step) for step in error.absolute_path)
        yield f"{name}: {place}: {error.message}"


@cache
def _custom_schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """By apiVersion and kind."""
    found = {}
    for file in CUSTOM_TYPES.glob("*.yaml"):
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            _close(schema["properties"]["spec"])
            key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            found[key] = schema
    return found


def _close(schema: dict[str, Any]) -> None:
    """Let no property pass that the schema does not name, as a cluster would drop it."""
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
        for inner in schema["properties"].values():
            _close(inner)
    if isinstance(schema.get("items"), dict):
        _close(schema["items"])
