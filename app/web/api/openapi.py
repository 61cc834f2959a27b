"""The OpenAPI 3.1 document, made from the routes and the structs they name."""

import re
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from app.protocol.problems import STATUS_OF_CODE
from app.protocol.types import Id, Provider
from app.web.api.route import Route
from app.web.problem import Problem

REF = "#/components/schemas/{name}"
PROBLEM = "application/problem+json"
ID = msgspec.json.schema(Id)
# Of paths, by the name of the converter.
PATH_PARAMETERS = {
    "int": ID,
    "uuid": msgspec.json.schema(UUID),
    "": msgspec.json.schema(Provider),
}


def openapi(routes: Sequence[Route]) -> dict[str, Any]:
    """The document of exactly these routes."""
    types = [kind for route in routes for kind in _types(route)]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=REF)
    schema_of = dict(zip([str(kind) for kind in [*types, Problem]], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Auction house", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(route: Route) -> list[Any]:
    answers = [kind for kind in route.answers.values() if kind is not None]
    return [kind for kind in (route.body, *answers) if kind is not None]


def _operation(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": [
            *_path_parameters(route),
            *_parameters(route.query, "query"),
            *_parameters(route.headers, "header"),
        ],
        "responses": _responses(route, schema_of),
    }
    if route.body is not None:
        content = {"application/json": {"schema": schema_of[str(route.body)]}}
        operation["requestBody"] = {"required": not route.body_optional, "content": content}
    if route.auth != "none":
        operation["security"] = [
            {"bearer": []},
            *([{}] if route.auth in ("optional", "lenient") else []),
        ]
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z]+", re.sub(r"<[^>]*>", "", route.path.removeprefix("/api")))
    return "_".join([route.method.lower(), *words, *(["one"] if route.path.endswith(">") else [])])


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": PATH_PARAMETERS[kind],
        }
        for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route.path)
    ]


def _parameters(struct: type[Struct] | None, location: Literal["query", "header"]) -> list[Any]:
    if struct is None:
        return []
    _, components = msgspec.json.schema_components([struct], ref_template=REF)
    described = components[struct.__name__]
    required = described.get("required", [])
    return [
        {"name": name, "in": location, "required": name in required, "schema": kind}
        for name, kind in described["properties"].items()
    ]


def _responses(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in route.answers.items():
        content = {"application/json": {"schema": schema_of[str(kind)]}} if kind else {}
        responses[str(status)] = {"description": "Done", **({"content": content} if kind else {})}
    for code in dict.fromkeys(_codes(route)):
        known = responses.setdefault(str(STATUS_OF_CODE[code]), _problem(schema_of))
        known["description"] = f"{known['description']} {code}".strip()
    return responses


def _codes(route: Route) -> list[str]:
    codes = [*route.codes, "RATE_LIMITED", "BUSY"]
    if route.auth != "none":
        codes.append("UNAUTHENTICATED")
    if route.auth in ("active", "admin"):
        codes.append("FORBIDDEN")
    if route.body is not None:
        codes += ["MALFORMED", "TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]
    if route.body or route.query or route.headers:
        codes.append("INVALID")
    return codes


def _problem(schema_of: dict[str, Any]) -> dict[str, Any]:
    return {"description": "", "content": {PROBLEM: {"schema": schema_of[str(Problem)]}}}
