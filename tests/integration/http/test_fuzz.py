"""Every answer is one that the OpenAPI document promises, and never a 500.

Schemathesis makes the calls from the document itself, good and bad ones, always the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market
from tests.integration.http.resources import Resources

SEED = 20_261_124
EXAMPLES = 15  # of each call, and as many wrong ones
CALLS_MIN = {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 15}
ENDS_THE_SESSION = "/api/auth/logout"


def never_an_error_of_ours(_: CheckContext, response: Response, __: Case[Any]) -> None:
    """Without Kafka calls that need it are BUSY; all others are answered."""
    assert response.status_code < 500 or response.json()["code"] == "BUSY", response.text


CHECKS: list[Any] = [
    never_an_error_of_ours,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
    unsupported_method,
    ignored_auth,
]


@pytest.fixture(scope="module")
def without_log(environment: dict[str, str]) -> Iterator[FlaskClient]:
    """Without a log: made-up bids must not reach the lanes of other tests."""
    with (
        refused_address() as address,
        application(environment, KAFKA_BOOTSTRAP_SERVERS=address) as client,
    ):
        yield client


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_in_the_openapi_document(
    market: Market, without_log: FlaskClient, mode: GenerationMode
) -> None:
    print(f"seed {SEED}")
    resources = Resources.of(market)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", without_log.application)
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path == ENDS_THE_SESSION:
            continue
        ids = {
            name: resources.ids[name] for name in resources.ids if f"{{{name}}}" in operation.path
        }

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(mode, path_parameters=ids or None))
        def validate(case: Case[Any]) -> None:
            case.call_and_validate(headers=resources.seller.headers, checks=CHECKS)

        with suppress(Unsatisfiable):  # nothing that could be wrong: no field, no parameter
            validate()
            tried += 1
    assert tried >= CALLS_MIN[mode]
