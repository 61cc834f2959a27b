"""Requests to a provider's servers: bounded in size and time, never redirected, every error ours.

A provider's error texts may quote codes and tokens, so they are neither logged nor shown.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import requests
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from msgspec import Struct
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from app.domain.errors import ProviderError
from app.services.social import Flow, Grant
from app.settings import Limits

log = structlog.get_logger()

OK, SERVER_ERROR = 200, 500

S = TypeVar("S", bound=Struct)

BY_POST = "client_secret_post"  # the one way that all three take our secret
CODE_REFUSED = frozenset({"invalid_grant"})  # RFC 6749, 5.2


@dataclass(frozen=True, slots=True)
class Client:
    """Our credentials at a provider, and its bounded HTTP client."""

    provider: str
    client_id: str
    client_secret: str
    limits: Limits
    scope: str | None = None
    code_refused: frozenset[str] = CODE_REFUSED

    def open(self, **token: Any) -> OAuth2Session:  # noqa: ANN401 - as Authlib takes it
        """A session that keeps nothing beyond one log-in: no connection, no cookie."""
        session = OAuth2Session(
            client_id=self.client_id,
            client_secret=self.client_secret,
            scope=self.scope,
            token_endpoint_auth_method=BY_POST,
            code_challenge_method="S256",
            **token,
        )
        bounded = BoundedAdapter(
            bytes_max=self.limits.provider_bytes_max, timeout_s=self.limits.provider_timeout_s
        )
        session.mount("https://", bounded)
        session.mount("http://", bounded)
        return session

    def authorization_url(
        self, endpoint: str, flow: Flow, redirect_uri: str, **options: str
    ) -> str:
        """Return the page to which the browser is sent."""
        with self.open() as session:
            url, _ = session.create_authorization_url(
                endpoint,
                state=flow.state,
                code_verifier=flow.verifier,
                redirect_uri=redirect_uri,
                **options,
            )
        return str(url)

    def fetch_token(self, endpoint: str, grant: Grant, *, body: str = "") -> dict[str, Any]:
        """Exchange the code for tokens. Raise ProviderError."""
        with self._provider_errors(), self.open() as session:
            token: dict[str, Any] = session.fetch_token(
                endpoint,
                code=grant.code,
                code_verifier=grant.verifier,
                redirect_uri=grant.redirect_uri,
                body=body,
                allow_redirects=False,
            )
            return token

    def get(self, url: str, token: Mapping[str, Any] | None = None) -> requests.Response:
        """Return an answer with any status below 500, requested with this token. Raise
        ProviderError."""
        with (
            self._provider_errors(),
            self.open(**({} if token is None else {"token": token})) as session,
        ):
            answer: requests.Response = session.get(
                url, withhold_token=token is None, allow_redirects=False
            )
            if answer.status_code >= SERVER_ERROR:
                answer.raise_for_status()
            return answer

    def read(self, answer: requests.Response, struct: type[S]) -> S:
        """Decode an answer of status 200; unknown fields are ignored. Raise ProviderError."""
        if answer.status_code != OK:
            raise self.failed(f"status {answer.status_code}")
        with self._provider_errors():
            return msgspec.json.decode(answer.content, type=struct)

    def failed(self, reason: str, code: str = "PROVIDER_ERROR") -> ProviderError:
        """Log the reason, in our words, and return the error to raise."""
        log.warning("provider_failed", provider=self.provider, code=code, reason=reason)
        return ProviderError(code, "the provider did not confirm who you are")

    @contextmanager
    def _provider_errors(self) -> Iterator[None]:
        try:
            yield
        except OAuthError as error:
            if error.error in self.code_refused:
                raise self.failed("code refused", "CODE_INVALID") from None
            raise self.failed("token refused") from None
        except (OSError, HTTPError) as error:
            raise self.failed(type(error).__name__, "PROVIDER_UNAVAILABLE") from None
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            raise self.failed("unreadable answer") from None


class BoundedAdapter(HTTPAdapter):
    """Reads no more of an answer than `bytes_max`, and waits for none of its parts too long."""

    def __init__(self, *, bytes_max: int, timeout_s: float) -> None:
        super().__init__()
        self._bytes_max, self._timeout_s = bytes_max, timeout_s

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401 - as requests passes them
        """Send it. Raises OSError, urllib3's HTTPError, and ValueError for what is too long."""
        answer = super().send(request, **{**options, "stream": True, "timeout": self._timeout_s})
        with answer.raw as raw:
            content = raw.read(self._bytes_max + 1, decode_content=True)
        if len(content) > self._bytes_max:
            raise ValueError("the answer is too long")
        answer.raw = io.BytesIO(content)
        return answer
