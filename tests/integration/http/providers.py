"""The stack's providers served over HTTP by the test itself, so that it may make them misbehave."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from stack.ports import HOST
from stack.providers.__main__ import SilentHandler
from stack.providers.dialects import Dialect, Google, Json, Kakao, Naver
from stack.providers.grants import Grant, Grants
from stack.providers.server import make_provider_app
from tests.waiting import CALL_S

Forge = Callable[[Dialect, Json], str]
CLIENT = ("house", "secret of the house")
BROWSER = {"Accept": "text/html"}


class FlawedGoogle(Google):
    """Google, where `forge` makes the next id tokens from the claims."""

    forge: Forge | None = None

    def id_token(self, grant: Grant, access_token: str) -> str:
        """A good one, unless a test has other plans."""
        if self.forge is None:
            return super().id_token(grant, access_token)
        return self.forge(self, self.claims(grant, access_token))


class FlawedKakao(Kakao):
    """Kakao, with unknown fields in its profiles."""

    extra: Json = {}  # noqa: RUF012 - of one object, set by tests

    def profile(self, grant: Grant) -> Json:
        """A good one, and what a test adds."""
        return {**super().profile(grant), **self.extra}


@dataclass
class Providers:
    """Google, Kakao and Naver at `url`; `broken` are answers of the paths that do not work."""

    url: str
    google: FlawedGoogle
    kakao: FlawedKakao
    naver: Naver
    broken: dict[str, tuple[str, int]] = field(default_factory=dict)

    def environment(self, **changes: str) -> dict[str, str]:
        """The settings of an application that is registered with them."""
        names = ("GOOGLE", "KAKAO", "NAVER")
        client_id, secret = CLIENT
        return {
            **{f"{name}_CLIENT_ID": client_id for name in names},
            **{f"{name}_CLIENT_SECRET": secret for name in names},
            "GOOGLE_ISSUER": f"{self.url}/google",
            "KAKAO_ISSUER": f"{self.url}/kakao",
            "KAKAO_API_URL": f"{self.url}/kakao",
            "NAVER_URL": f"{self.url}/naver",
            "NAVER_API_URL": f"{self.url}/naver",
            **changes,
        }


@contextmanager
def providers_served() -> Iterator[Providers]:
    """Them, over HTTP, until left."""
    server = make_server(HOST, 0, lambda *_: [], threaded=True, request_handler=SilentHandler)
    url = f"http://{HOST}:{server.port}"
    kinds = (FlawedGoogle, FlawedKakao, Naver)
    google, kakao, naver = (kind(f"{url}/{kind.name}", *CLIENT) for kind in kinds)
    assert isinstance(google, FlawedGoogle)
    assert isinstance(kakao, FlawedKakao)
    assert isinstance(naver, Naver)
    served = Providers(url, google, kakao, naver)
    app = make_provider_app([google, kakao, naver], Grants())

    @app.before_request
    def break_down() -> Any:
        from flask import request  # noqa: PLC0415 - of this application's own context

        return served.broken.get(request.path)

    server.app = app
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


class Browser:
    """A browser: it goes to the provider, answers there, and comes back."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def begin(self, provider: str, query: str = "") -> str:
        """Press a provider's button; where that leads."""
        answer = self.client.get(f"/oauth2/authorization/{provider}{query}")
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return answer.headers["Location"]

    def agree(self, url: str, **form: str) -> str:
        """Agree as a user. Return the callback that leads back, as path and query."""
        data = {"share_email": "on", "name": f"N {uuid4().hex[:8]}", **form}
        answer = httpx.post(url, data=data, timeout=CALL_S)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def come_back(self, callback: str) -> TestResponse:
        """Follow the callback, as programs do."""
        return self.client.get(callback)

    def log_in(self, provider: str, query: str = "", **form: str) -> TestResponse:
        """All of it."""
        return self.come_back(self.agree(self.begin(provider, query), **form))

    def session(self) -> Any:
        """What the refresh cookie gives: tokens and the user; None when there is no session."""
        answer = self.client.post("/api/auth/refresh")
        return answer.get_json() if answer.status_code == 200 else None

    def call(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Call the API as the signed-in user."""
        headers = {"Authorization": f"Bearer {self.session()['access_token']}"}
        return self.client.open(path, method=method, headers=headers, json=body)


def query_of(url: str) -> dict[str, str]:
    """Return the query parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query))
