"""Naver: OAuth 2 and its own profile, whose fields are nested in `response`.

Its address does not prove an e-mail: Naver's documentation calls it the contact address of the
profile, which its owner may change at will, and promises no check of it.
"""

from urllib.parse import urlencode

from msgspec import Struct

from app.adapters.oauth.client import CODE_REFUSED, Client
from app.adapters.oauth.google import Subject
from app.services.social import Flow, Grant, Profile

AUTHORIZE_PATH, TOKEN_PATH = "/oauth2.0/authorize", "/oauth2.0/token"
PROFILE_PATH = "/v1/nid/me"
DONE = "00"
# A code that is unknown, used or too old is an `invalid_request` to Naver ("no valid data in
# session"), with status 200.
NAVER_CODE_REFUSED = CODE_REFUSED | {"invalid_request"}


class NaverProfile(Struct, frozen=True):
    """The data the user has consented to share."""

    id: Subject
    nickname: str | None = None
    name: str | None = None
    email: str | None = None


class NaverAnswer(Struct, frozen=True):
    """`/v1/nid/me`."""

    resultcode: str
    response: NaverProfile | None = None


class Naver:
    """The port `Provider`."""

    def __init__(self, client: Client, url: str, *, api_url: str) -> None:
        self._client, self._url, self._api_url = client, url, api_url

    def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Return the page to which the browser is sent."""
        return self._client.authorization_url(self._url + AUTHORIZE_PATH, flow, redirect_uri)

    def check_issuer(self, iss: str | None) -> None:
        """Raise ProviderError for the callback of another provider: Naver names no issuer."""
        if iss not in (None, self._url):
            raise self._client.failed("issuer of another", "STATE_INVALID")

    def identify(self, grant: Grant) -> Profile:
        """Return the profile of the user who got the code."""
        # Naver wants the state once more.
        body = urlencode({"state": grant.state})
        token = self._client.fetch_token(self._url + TOKEN_PATH, grant, body=body)
        answer = self._client.get(self._api_url + PROFILE_PATH, token)
        found = self._client.read(answer, NaverAnswer)
        if found.resultcode != DONE or found.response is None:
            raise self._client.failed("profile")
        profile = found.response
        nickname = profile.nickname or profile.name
        return Profile(self._client.provider, profile.id, nickname=nickname, email=profile.email)
