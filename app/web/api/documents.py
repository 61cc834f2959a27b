"""The API's own descriptions: OpenAPI for its calls, AsyncAPI for its sockets."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from app.protocol.asyncapi import asyncapi_document
from app.web.api.openapi import openapi
from app.web.api.route import Answer, Route


def with_documents(routes: Sequence[Route]) -> list[Route]:
    """These routes and those of the two documents, which the first document describes too."""

    @cache
    def calls() -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(openapi(described)))

    @cache
    def frames() -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(asyncapi_document()))

    described = [
        *routes,
        Route(
            method="GET", path="/api/openapi.json", summary="The OpenAPI document",
            handle=lambda _: Answer(calls()), answers={200: dict[str, Any]},
        ),
        Route(
            method="GET", path="/api/asyncapi.json", summary="The AsyncAPI document",
            handle=lambda _: Answer(frames()), answers={200: dict[str, Any]},
        ),
    ]  # fmt: skip
    return described
