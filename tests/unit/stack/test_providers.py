"""The provider simulator: never in production, and codes that are valid once."""

import pytest

from stack.providers.__main__ import main
from stack.providers.grants import Grant, Grants, RefusedError
from stack.providers.people import person_of

PERSON = person_of("kakao", "", "Mina", "mina@example.com")
URI, VERIFIER = "http://127.0.0.1/x", "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"


def granted(provider: str = "kakao", challenge: str | None = None) -> Grant:
    assert PERSON is not None
    return Grant(provider, URI, None, challenge, PERSON, shares_email=True)


@pytest.mark.parametrize("profile", ["production", None])
def test_the_simulator_does_not_start_in_production(
    monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    monkeypatch.delenv("PROFILE", raising=False)
    if profile is not None:
        monkeypatch.setenv("PROFILE", profile)
    assert main() == 2


@pytest.mark.parametrize(
    ("provider", "uri", "verifier", "why"),
    [
        ("google", URI, VERIFIER, "code"),
        ("kakao", "http://127.0.0.1/y", VERIFIER, "redirect_uri"),
        ("kakao", URI, "another", "verifier"),
        ("kakao", URI, "", "verifier"),
    ],
)
def test_a_code_works_once_and_only_for_its_client(
    provider: str, uri: str, verifier: str, why: str
) -> None:
    grants = Grants()
    code = grants.issue_code(granted(challenge=CHALLENGE))
    with pytest.raises(RefusedError, match=why):
        grants.redeem(provider, code, redirect_uri=uri, verifier=verifier)
    with pytest.raises(RefusedError, match="code"):
        grants.redeem("kakao", code, redirect_uri=URI, verifier=VERIFIER)


def test_a_code_expires() -> None:
    grants = Grants(code_s=0)
    code = grants.issue_code(granted())
    with pytest.raises(RefusedError, match="code"):
        grants.redeem("kakao", code, redirect_uri=URI, verifier=VERIFIER)


def test_the_same_name_and_address_are_the_same_person() -> None:
    assert person_of("kakao", "", "Mina ", "mina@example.com") == PERSON
    assert person_of("kakao", "", "Mina", "") != PERSON
    assert person_of("kakao", "", " ", "") is None
