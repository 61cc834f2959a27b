"""The OpenAPI document is valid and is what the application serves; AsyncAPI fits its frames."""

import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.observability.reference import LABELS
from tests.integration.http.market import Market, Person

# Paths of calls that are not built yet, and of those that are no part of the API.
ABSENT = ("/images", "/watch", "/{auction_id}/log", "/oauth2")


@pytest.fixture(scope="module")
def document(market: Market) -> dict[str, Any]:
    answer = market.call("GET", "/api/openapi.json")
    assert answer.status_code == 200
    document: dict[str, Any] = answer.get_json()
    return document


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    ids = [call["operationId"] for calls in document["paths"].values() for call in calls.values()]
    assert len(ids) == len(set(ids))


def test_the_document_lists_exactly_the_served_api_routes(
    app: Flask, document: dict[str, Any]
) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api")
    }
    named = {(p, method.upper()) for p, calls in document["paths"].items() for method in calls}
    assert named == served


def test_every_route_has_a_label_that_the_page_of_metrics_lists(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {name for name in endpoints if not LABELS["endpoint"].allows(name)} == set()


def test_unbuilt_routes_are_absent(market: Market, document: dict[str, Any]) -> None:
    assert [path for path in document["paths"] for part in ABSENT if part in path] == []
    for path in ("/api/images", "/api/me/watches", "/api/auctions/1/log"):
        assert market.call("GET", path).status_code == 404


def fits(document: dict[str, Any], answer: Any, path: str, method: str) -> None:
    """Fail unless the answer is one that the document promises, body included."""
    promised = document["paths"][path][method]["responses"][str(answer.status_code)]
    if "content" not in promised:
        assert answer.get_data() == b""
        return
    schema = promised["content"][answer.mimetype]["schema"]
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole).validate(answer.get_json())


def test_answers_match_the_openapi_document(
    market: Market, plain_user: Person, document: dict[str, Any]
) -> None:
    seller = market.person()
    auction = market.auction(seller, reserve_price=2_000, buy_now_price=9_000)
    room = market.made("/api/rooms", seller, {"type": "auction", "auction_id": auction["id"]})
    ids = {"auction_id": auction["id"], "product_id": auction["product"]["id"]}
    ids |= {"room_id": room["id"], "bid_id": "0" * 32, "user_id": plain_user.id}
    for path, calls in document["paths"].items():
        for method in calls:
            for who in (None, plain_user, seller):
                if method == "delete" or path.endswith("/cancel") or "logout" in path:
                    continue
                answer = market.call(method.upper(), path.format_map(ids), who)
                fits(document, answer, path, method)


def test_the_asyncapi_document_has_schemas_of_all_frames(market: Market) -> None:
    answer = market.call("GET", "/api/asyncapi.json")
    document = answer.get_json()
    assert (answer.status_code, document["asyncapi"]) == (200, "3.0.0")
    schemas = document["components"]["schemas"]
    for message in document["channels"]["ws"]["messages"].values():
        schema = schemas[message["payload"]["$ref"].rpartition("/")[2]]
        Draft202012Validator.check_schema(schema)
    bid = {"id": 1, "type": "bid.place", "auction_id": 1, "amount": 5, "key": "k"}
    check = Draft202012Validator({**schemas["BidPlace"], "components": document["components"]})
    check.validate(bid)
    for wrong in ({"amount": True}, {"amount": 0}, {"key": "a b"}, {"type": "bid"}, {"x": 1}):
        assert not check.is_valid({**bid, **wrong})
