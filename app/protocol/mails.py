"""The mails of the house: what each is for, and its words in both languages, as text and HTML."""

from dataclasses import dataclass
from html import escape
from typing import Literal

from app.protocol.types import Language

MailPurpose = Literal["proof", "reset", "change", "changed"]
"""`proof`: the address is the person's; `reset`: a new password; `change`, to a new address: it
shall be the account's; `changed`, to the one before: it is not any more."""
PAGES: dict[MailPurpose, str] = {
    "proof": "/verify", "reset": "/reset", "change": "/verify", "changed": "/account",
}  # fmt: skip
WITHOUT_TOKEN: frozenset[MailPurpose] = frozenset({"changed"})


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a mail; `note` has the place `{hours}`."""

    subject: str
    greeting: str
    text: str
    action: str
    note: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that can be sent: to whom, and its content twice."""

    to: str
    language: Language
    subject: str
    text: str
    html: str


WORDS: dict[tuple[MailPurpose, Language], Words] = {
    ("proof", "ko"): Words(
        subject="[Gavel] 이메일 주소를 확인해 주세요",
        greeting="안녕하세요.",
        text="아래 링크를 열어 이 이메일 주소가 본인의 것임을 확인해 주세요.",
        action="이메일 주소 확인",
        note="이 링크는 {hours}시간 동안 한 번만 사용할 수 있습니다. "
        "가입한 적이 없다면 이 메일을 무시하세요.",
    ),
    ("proof", "en"): Words(
        subject="[Gavel] Please confirm your e-mail address",
        greeting="Hello,",
        text="please open the link below to confirm that this e-mail address is yours.",
        action="Confirm my e-mail address",
        note="The link works once, within {hours} hours. If you did not sign up, ignore this mail.",
    ),
    ("reset", "ko"): Words(
        subject="[Gavel] 비밀번호 재설정",
        greeting="안녕하세요.",
        text="아래 링크를 열어 새 비밀번호를 정해 주세요.",
        action="새 비밀번호 정하기",
        note="이 링크는 {hours}시간 동안 한 번만 사용할 수 있습니다. "
        "요청한 적이 없다면 이 메일을 무시하세요. 비밀번호는 그대로입니다.",
    ),
    ("reset", "en"): Words(
        subject="[Gavel] Choose a new password",
        greeting="Hello,",
        text="please open the link below to choose a new password.",
        action="Choose a new password",
        note="The link works once, within {hours} hours. "
        "If you did not ask for it, ignore this mail: your password stays as it is.",
    ),
    ("change", "ko"): Words(
        subject="[Gavel] 새 이메일 주소를 확인해 주세요",
        greeting="안녕하세요.",
        text="아래 링크를 열면 이 이메일 주소가 회원님의 계정에 등록됩니다.",
        action="이 이메일 주소 등록",
        note="이 링크는 {hours}시간 동안 한 번만 사용할 수 있습니다. "
        "요청한 적이 없다면 링크를 열지 말고 이 메일을 무시하세요.",
    ),
    ("change", "en"): Words(
        subject="[Gavel] Please confirm your new e-mail address",
        greeting="Hello,",
        text="please open the link below to make this the e-mail address of your account.",
        action="Use this e-mail address",
        note="The link works once, within {hours} hours. "
        "If you did not ask for it, do not open the link and ignore this mail.",
    ),
    ("changed", "ko"): Words(
        subject="[Gavel] 이메일 주소가 변경되었습니다",
        greeting="안녕하세요.",
        text="회원님 계정의 이메일 주소가 변경되어, 앞으로 이 주소로는 메일을 보내지 않습니다.",
        action="내 계정 열기",
        note="변경한 적이 없다면 바로 로그인해서 비밀번호와 이메일 주소를 바꿔 주세요.",
    ),
    ("changed", "en"): Words(
        subject="[Gavel] Your e-mail address was changed",
        greeting="Hello,",
        text="your account has another e-mail address now. We will not write to this one again.",
        action="Open my account",
        note="If it was not you who changed it, log in and change the password and the address at "
        "once.",
    ),
}

_HTML = """\
<!doctype html>
<html lang="{language}">
<body style="font-family: sans-serif; line-height: 1.5; color: #222">
<p>{greeting}</p>
<p>{text}</p>
<p><a href="{link}">{action}</a></p>
<p style="color: #666">{note}</p>
</body>
</html>
"""


def compose(
    purpose: MailPurpose,
    language: Language,
    *,
    to: str,
    base_url: str,
    token: str,
    life_s: int,
) -> Mail:
    """Return the mail whose link has `token`, if there is anything to do by it.

    The token is in the fragment of the link, which browsers send to no server and in no `Referer`.
    """
    words = WORDS[purpose, language]
    fragment = "" if purpose in WITHOUT_TOKEN else f"#{token}"
    link = f"{base_url.rstrip('/')}{PAGES[purpose]}{fragment}"
    note = words.note.format(hours=max(1, life_s // 3600))
    lines = (words.greeting, words.text, link, note)
    html = _HTML.format(
        language=language,
        greeting=escape(words.greeting),
        text=escape(words.text),
        link=escape(link),
        action=escape(words.action),
        note=escape(note),
    )
    return Mail(to, language, words.subject, "\n\n".join(lines) + "\n", html)
