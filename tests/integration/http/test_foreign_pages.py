"""A page of another origin cannot use the cookies that a browser adds."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.containers import Container
from tests.integration.http.market import Market, code

FOREIGN = ("https://evil.example", "null", "http://127.0.0.1:1", "")


@pytest.fixture
def browser(app: Flask, market: Market) -> FlaskClient:
    """The cookies of a signed-in user."""
    browser = app.test_client()
    assert browser.post("/api/auth/login", json=market.sign_up()).status_code == 200
    return browser


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
def test_a_page_of_another_origin_cannot_use_the_cookie(
    browser: FlaskClient, container: Container, path: str
) -> None:
    for origin in (*FOREIGN, f"{container.settings.base_url}.evil.example"):
        assert code(browser.post(path, headers={"Origin": origin})) == (403, "FORBIDDEN")
    own = {"Origin": container.settings.base_url}
    assert browser.post("/api/auth/refresh", headers=own).status_code == 200
    assert browser.post(path, headers=own).status_code in (200, 204)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_of_another_page_cannot_log_in(browser: FlaskClient, content_type: str) -> None:
    answer = browser.post("/api/auth/login", data=b'{"email":"a@b.c"}', content_type=content_type)
    assert code(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
