"""Mails that prove an address or reset a password, on a real mail server."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.settings import read_settings
from tests.containers import Container, build_container
from tests.integration.http.applications import refused_address
from tests.integration.http.market import PASSWORD, Market, Person, code, faults
from tests.mailbox import Mailbox, link_in, token_in

NEW_PASSWORD = "another password"


@pytest.fixture
def mailbox(environment: dict[str, str], container: Container) -> Mailbox:
    """The mailbox of a new English account, without earlier mails."""
    container.mails.send_due()
    return Mailbox(environment["MAILPIT_URL"], f"{uuid4().hex}@example.org")


def sign_up(market: Market, mailbox: Mailbox, **changes: Any) -> dict[str, str]:
    account = {"email": mailbox.address, "password": PASSWORD}
    body = {**account, "nickname": "Mail", "language": "en", **changes}
    assert market.call("POST", "/api/auth/signup", body=body).status_code == 201
    return account


def post(market: Market, path: str, **body: Any) -> tuple[int, str | None]:
    answer = market.call("POST", path, body=body)
    return answer.status_code, None if answer.status_code < 300 else code(answer)[1]


def run(engine: Engine, statement: str, **values: Any) -> list[Any]:
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement, values)
        return list(result) if result.returns_rows else []


def make_old(engine: Engine, address: str) -> None:
    """Make the last mail request look older."""
    run(
        engine,
        """UPDATE mail_tokens SET asked_at = now() - interval '1 hour'
        WHERE user_id = (SELECT id FROM users WHERE email = %(address)s)""",
        address=address,
    )


def test_a_sign_up_is_proved_by_the_link_in_the_mail_once(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    person = market.log_in(sign_up(market, mailbox))
    assert market.call("GET", "/api/me", person).get_json()["user"]["email_proved"] is False
    container.mails.send_due()
    mail = mailbox.newest(of=1)
    assert mail["Subject"] == "[Gavel] Please confirm your e-mail address"
    assert link_in(mail).startswith(container.settings.base_url + "/verify#")
    assert link_in(mail) in mail["HTML"]
    token = token_in(mail)
    stored = run(container.engine, "SELECT t::text FROM mail_tokens t WHERE digest IS NOT NULL")
    assert token not in str(stored)
    assert post(market, "/api/auth/verify", token=token)[0] == 204
    assert market.call("GET", "/api/me", person).get_json()["user"]["email_proved"] is True
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID")
    assert market.call("POST", "/api/me/verification", person).status_code == 202
    container.mails.send_due()
    assert len(mailbox.mails()) == 1, "what is proved is not asked for again"


def test_the_mail_is_in_the_persons_language(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    sign_up(market, mailbox, language="ko")
    container.mails.send_due()
    assert mailbox.newest(of=1)["Subject"] == "[Gavel] 이메일 주소를 확인해 주세요"


def test_a_newer_mail_voids_the_older_and_mails_are_limited(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    person = market.log_in(sign_up(market, mailbox))
    container.mails.send_due()
    first = token_in(mailbox.newest(of=1))
    again = code(market.call("POST", "/api/me/verification", person))
    assert again == (429, "RATE_LIMITED"), "a moment after the last"
    for number in range(2, container.settings.limits.mails_per_day_max + 1):
        make_old(container.engine, mailbox.address)
        assert market.call("POST", "/api/me/verification", person).status_code == 202
        container.mails.send_due()
        last = token_in(mailbox.newest(of=number))
    make_old(container.engine, mailbox.address)
    assert code(market.call("POST", "/api/me/verification", person)) == (429, "RATE_LIMITED")
    assert post(market, "/api/auth/verify", token=first) == (422, "INVALID")
    assert post(market, "/api/auth/verify", token=last)[0] == 204


def test_a_reset_changes_the_password_and_ends_all_sessions(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    account = sign_up(market, mailbox)
    person = market.log_in(account)
    assert post(market, "/api/auth/forgot", email=mailbox.address.upper())[0] == 202
    container.mails.send_due()
    mail = next(one for one in mailbox.full_mails(of=2) if "password" in one["Subject"])
    token = token_in(mail)
    for bad in ("short", mailbox.address, "12345678910"):  # the last one is easily guessed
        refused = post(market, "/api/auth/reset", token=token, password=bad)
        assert refused == (422, "INVALID"), "and the token is good still"
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID"), "of another purpose"
    assert post(market, "/api/auth/reset", token=token, password=NEW_PASSWORD)[0] == 204
    assert post(market, "/api/auth/reset", token=token, password=NEW_PASSWORD) == (422, "INVALID")
    assert code(market.call("GET", "/api/me", person)) == (401, "UNAUTHENTICATED")
    refresh = {"refresh_token": person.refresh_token}
    assert market.call("POST", "/api/auth/refresh", body=refresh).status_code == 401
    assert post(market, "/api/auth/login", **account) == (401, "BAD_CREDENTIALS")
    again = market.log_in({**account, "password": NEW_PASSWORD})
    assert market.call("GET", "/api/me", again).get_json()["user"]["email_proved"] is True


def test_a_token_expires(market: Market, container: Container, mailbox: Mailbox) -> None:
    sign_up(market, mailbox)
    container.mails.send_due()
    token = token_in(mailbox.newest(of=1))
    left = """SELECT extract(epoch FROM expires_at - now()) FROM mail_tokens
      WHERE user_id = (SELECT id FROM users WHERE email = %(address)s)"""
    ((left_s,),) = run(container.engine, left, address=mailbox.address)
    assert 0 < left_s <= container.settings.limits.proof_token_s
    expire = left.replace("SELECT extract(epoch FROM expires_at - now()) FROM mail_tokens",
                          "UPDATE mail_tokens SET expires_at = now()")  # fmt: skip
    run(container.engine, expire, address=mailbox.address)
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID")


def test_an_answer_does_not_reveal_whether_an_address_is_used(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    sign_up(market, mailbox)
    count = "SELECT count(*) FROM mail_tokens WHERE purpose = 'reset' AND due_at IS NOT NULL"
    for address in (mailbox.address, f"{uuid4().hex}@example.org"):
        before = run(container.engine, count)
        answer = market.call("POST", "/api/auth/forgot", body={"email": address})
        assert (answer.status_code, answer.data) == (202, b"")
        # Both write one row, which is what takes time.
        assert run(container.engine, count)[0][0] == before[0][0] + 1
    assert post(market, "/api/auth/forgot", email="no address") == (422, "INVALID")


def test_mails_wait_for_the_server_and_failing_ones_end(
    market: Market, environment: dict[str, str], container: Container, mailbox: Mailbox
) -> None:
    sign_up(market, mailbox)
    with refused_address() as address:
        settings = read_settings({**environment, "SMTP_URL": f"smtp://{address}"})
        cut_off = build_container(settings, application="tests")
        cut_off.mails.send_due()
        cut_off.engine.dispose()
    due = """SELECT attempts, due_at > now() FROM mail_tokens
      WHERE user_id = (SELECT id FROM users WHERE email = %(address)s)"""
    assert run(container.engine, due, address=mailbox.address) == [(1, True)]
    run(container.engine, "UPDATE mail_tokens SET due_at = now() WHERE attempts = 1")
    wrong = f"a..b.{uuid4().hex}@-"
    sign_up(market, mailbox, email=wrong)
    container.mails.send_due()
    mailbox.newest(of=1)
    for sent in (mailbox.address, wrong):
        assert run(container.engine, due, address=sent) == [(0, None)], sent


def test_the_owner_of_an_address_unlinks_a_foreign_log_in(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    person = market.log_in(sign_up(market, mailbox))
    run(
        container.engine,
        "INSERT INTO identities (provider, subject, user_id) VALUES ('kakao', %(s)s, %(u)s)",
        s=uuid4().hex,
        u=person.id,
    )
    post(market, "/api/auth/forgot", email=mailbox.address)
    container.mails.send_due()
    mail = next(one for one in mailbox.full_mails(of=2) if "password" in one["Subject"])
    body = {"token": token_in(mail), "password": NEW_PASSWORD}
    assert market.call("POST", "/api/auth/reset", body=body).status_code == 204
    linked = "SELECT provider FROM identities WHERE user_id = %(u)s"
    assert run(container.engine, linked, u=person.id) == []


def request_change(
    market: Market, container: Container, person: Person, email: str, password: str = PASSWORD
) -> TestResponse:
    """Ask for another address, a while after the last time, and send what is due."""
    make_old(container.engine, person.email)
    body = {"email": email, "password": password}
    answer = market.call("PUT", "/api/me/email", person, body)
    container.mails.send_due()
    return answer


def email_of(market: Market, person: Person) -> str:
    return str(market.call("GET", "/api/me", person).get_json()["user"]["email"])


def test_an_address_changes_by_link_and_the_old_is_notified(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    account = sign_up(market, mailbox)
    person, new = market.log_in(account), mailbox.another()
    post(market, "/api/auth/forgot", email=mailbox.address)
    container.mails.send_due()
    reset = next(one for one in mailbox.full_mails(of=2) if "password" in one["Subject"])
    answer = request_change(market, container, person, new.address)
    assert (answer.status_code, answer.data) == (202, b"")
    assert email_of(market, person) == mailbox.address
    token = token_in(new.newest(of=1))
    stored = run(container.engine, "SELECT t::text FROM mail_tokens t WHERE digest IS NOT NULL")
    assert token not in str(stored)
    assert post(market, "/api/auth/reset", token=token, password=NEW_PASSWORD) == (422, "INVALID")
    assert post(market, "/api/auth/verify", token=token)[0] == 204
    user = market.call("GET", "/api/me", person).get_json()["user"]
    assert (user["email"], user["email_proved"]) == (new.address, True)
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID")
    void = {"token": token_in(reset), "password": NEW_PASSWORD}
    assert post(market, "/api/auth/reset", **void) == (422, "INVALID"), "it went to the old one"
    container.mails.send_due()
    notice_mail = mailbox.newest(of=3)
    assert notice_mail["Subject"] == "[Gavel] Your e-mail address was changed"
    assert new.address not in notice_mail["Text"]
    left = run(container.engine, "SELECT t::text FROM mail_tokens t")
    assert mailbox.address not in str(left)
    assert post(market, "/api/auth/login", **account) == (401, "BAD_CREDENTIALS")
    market.log_in({**account, "email": new.address})


def test_changing_to_a_taken_address_gets_no_mail(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    person = market.log_in(sign_up(market, mailbox))
    taken, free = mailbox.another(), mailbox.another()
    sign_up(market, taken)
    container.mails.send_due()
    first = request_change(market, container, person, free.address)
    token = token_in(free.newest(of=1))
    second = request_change(market, container, person, taken.address.upper())
    assert (first.status_code, first.data) == (second.status_code, second.data) == (202, b"")
    assert len(taken.mails()) == 1, "that of its own sign-up"
    # The proof of another address does not count for this one.
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID")
    again = {"email": mailbox.another().address, "password": PASSWORD}
    assert code(market.call("PUT", "/api/me/email", person, again)) == (429, "RATE_LIMITED")
    request_change(market, container, person, free.address)
    token = token_in(free.newest(of=2))
    sign_up(market, free)
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID"), "taken meanwhile"
    assert email_of(market, person) == mailbox.address


def test_a_change_of_address_needs_the_password_and_ends_with_it(
    market: Market, container: Container, mailbox: Mailbox
) -> None:
    account = sign_up(market, mailbox)
    person, new = market.log_in(account), mailbox.another()
    for password in ("not the password", ""):
        refused = request_change(market, container, person, new.address, password)
        assert faults(refused) == {"password"}
    assert new.mails() == []
    assert request_change(market, container, person, new.address).status_code == 202
    body = {"current": PASSWORD, "password": NEW_PASSWORD}
    assert market.call("POST", "/api/me/password", person, body).status_code == 204
    token = token_in(new.newest(of=1))
    assert post(market, "/api/auth/verify", token=token) == (422, "INVALID")
