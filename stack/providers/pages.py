"""The providers' pages, in Korean and English: consent, and what cannot be led back."""

from markupsafe import Markup, escape

from stack.providers.dialects import Dialect
from stack.providers.people import KNOWN, Person

PAGE = Markup("""<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 26rem;
  padding: 0 1rem }}
button, input[type=text], input[type=email] {{ font: inherit; padding: .6rem; width: 100%;
  box-sizing: border-box; margin: .25rem 0; min-height: 2.75rem }}
fieldset {{ border: 1px solid #bbb; margin: 1rem 0; padding: 1rem }}
input[type=checkbox] {{ width: 2.75rem; height: 2.75rem; vertical-align: middle }}
.note {{ color: #555; font-size: .875rem }}
</style></head><body>{body}</body></html>""")
CONSENT = Markup("""<h1>{title}</h1>
<p class="note">이 스택의 {title} 대역입니다. 비밀번호 없이 누구로든 로그인할 수 있습니다.<br>
<span lang="en">This stack's stand-in for {title}: you may be anybody, without a password.</span>
</p>
<form method="post">
<p><label><input type="checkbox" name="share_email" checked> 이메일 제공
<span lang="en">Share the e-mail address</span></label></p>
<fieldset><legend>동의하고 계속 <span lang="en">Agree and continue as</span></legend>
{people}</fieldset>
<button name="decision" value="refuse">취소 <span lang="en">Refuse</span></button>
{age}</form>
<form method="post"><input type="hidden" name="share_email" value="on">
<fieldset><legend>다른 사람 <span lang="en">Somebody else</span></legend>
<label>이름 <span lang="en">Name</span> <input type="text" name="name" maxlength="60"></label>
<label>이메일 <span lang="en">E-mail, or nothing</span> <input type="email" name="email"></label>
<button name="decision" value="agree">동의 <span lang="en">Agree</span></button>
</fieldset></form>""")
UNDER_AGE = Markup("""<button name="decision" value="under_age">만 14세 미만입니다
<span lang="en">I am under 14</span></button>""")
PERSON = Markup("""<button name="person" value="{number}">{name} · {email}</button>""")
FAULT = Markup("""<h1>{title}</h1><p>오류: {error}<br><span lang="en">Error: {error}</span></p>""")


def consent_page(dialect: Dialect) -> str:
    """Who one wants to be, and whether one agrees."""
    people = Markup("").join(_person(person) for person in KNOWN[dialect.name])
    age = UNDER_AGE if dialect.knows_age else Markup("")
    body = CONSENT.format(title=dialect.title, people=people, age=age)
    return PAGE.format(title=dialect.title, body=body)


def error_page(title: str, error: str) -> str:
    """What the application that asked has got wrong."""
    return PAGE.format(title=title, body=FAULT.format(title=title, error=error))


def _person(person: Person) -> Markup:
    email = person.email or "이메일 없음 · no e-mail"
    if person.email and not person.email_verified:
        email = f"{email} (미인증 · not verified)"
    return PERSON.format(number=person.number, name=person.name, email=escape(email))
