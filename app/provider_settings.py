"""The URLs of Google, Kakao and Naver, and the checks of their settings.

The profile `production` accepts no other URL for any of them than the provider's own: a process
that plays a provider could sign in as any user.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.store_security import PRODUCTION

if TYPE_CHECKING:
    from app.settings import Settings

PROVIDERS: Final = ("google", "kakao", "naver")
GOOGLE_ISSUER: Final = "https://accounts.google.com"
KAKAO_ISSUER: Final = "https://kauth.kakao.com"
KAKAO_API_URL: Final = "https://kapi.kakao.com"
NAVER_URL: Final = "https://nid.naver.com"
NAVER_API_URL: Final = "https://openapi.naver.com"
SETTINGS_WITH_URL: Final = {
    "google_issuer": GOOGLE_ISSUER,
    "kakao_issuer": KAKAO_ISSUER,
    "kakao_api_url": KAKAO_API_URL,
    "naver_url": NAVER_URL,
    "naver_api_url": NAVER_API_URL,
}


def provider_faults(settings: "Settings") -> Iterator[str]:
    """Yield a line for each setting of a provider that makes no sense, or not in production."""
    for provider in PROVIDERS:
        known = [getattr(settings, f"{provider}_client_{part}") for part in ("id", "secret")]
        if any(known) and not all(known):
            name = f"{provider.upper()}_CLIENT"
            yield f"{name}_ID: it and {name}_SECRET are set together or not at all"
    for name, own in SETTINGS_WITH_URL.items():
        url = getattr(settings, name)
        if settings.profile == PRODUCTION and url != own:
            yield f"{name.upper()}: is {own} where PROFILE={PRODUCTION}"
        elif not _is_http_url(url):
            yield f"{name.upper()}: is no address that begins with https:// or http://"


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)
