"""The mails of the house: what each is for, and its words in both languages, as text and HTML."""

from dataclasses import dataclass
from html import escape
from typing import Literal

from app.protocol.types import Language

MailPurpose = Literal["proof", "reset"]
"""`proof`: the address is the person's; `reset`: a new password."""
PAGES: dict[MailPurpose, str] = {"proof": "/verify", "reset": "/reset"}


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
    """Return the mail whose link has `token`.

    The token is in the fragment of the link, which browsers send to no server and in no `Referer`.
    """
    words = WORDS[purpose, language]
    link = f"{base_url.rstrip('/')}{PAGES[purpose]}#{token}"
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
