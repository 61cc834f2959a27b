"""The providers that the settings have an id for."""

from collections.abc import Iterator

from app.adapters.oauth import google, kakao
from app.adapters.oauth.client import Client
from app.adapters.oauth.google import Google
from app.adapters.oauth.kakao import Kakao
from app.adapters.oauth.naver import NAVER_CODE_REFUSED, Naver
from app.services.social import Provider
from app.settings import Settings


def make_providers(settings: Settings) -> dict[str, Provider]:
    """Return them by name, in the order in which pages show them; connects to nothing yet."""
    return dict(_providers(settings))


def _providers(settings: Settings) -> Iterator[tuple[str, Provider]]:
    limits = settings.limits
    if settings.google_client_id:
        ours = (settings.google_client_id, settings.google_client_secret)
        client = Client("google", *ours, limits, google.SCOPE)
        yield "google", Google(client, settings.google_issuer)
    if settings.kakao_client_id:
        ours = (settings.kakao_client_id, settings.kakao_client_secret)
        client = Client("kakao", *ours, limits, kakao.SCOPE)
        yield "kakao", Kakao(client, settings.kakao_issuer, api_url=settings.kakao_api_url)
    if settings.naver_client_id:
        ours = (settings.naver_client_id, settings.naver_client_secret)
        client = Client("naver", *ours, limits, code_refused=NAVER_CODE_REFUSED)
        yield "naver", Naver(client, settings.naver_url, api_url=settings.naver_api_url)
