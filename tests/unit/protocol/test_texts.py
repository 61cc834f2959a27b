"""Every text a client sends is trimmed, NFC, printable and visible, at a cost that is bounded."""

import json
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from app.domain.errors import InvalidError
from app.protocol import dead_letters, resources
from app.protocol.frames import CLIENT_FRAMES
from app.protocol.resources import Body, Login, ProductCreate, Signup
from app.protocol.text import MARKS_RUN_MAX, TextError, TextRule, clean_text
from app.protocol.validation import _text_rules, decode_object, parse

INVISIBLE = (
    "\u200b", "\u3164", "\ufeff", "\u2800", "\u115f", "\uffa0", "\u00ad", "\u034f", "\u200d\u200c",
    "\u202e", "\u2066\u2069", "\ufe0f", "\U000e0041", " \u200b\u3000\u3164 ", "\u180e",
)  # fmt: skip
VISIBLE = (
    "a",
    "가",
    "ㅋㅋ",
    "😀",
    "❤\ufe0f",
    "👨\u200d👩\u200d👧",
    "नेपाल",
    "\u0301",
    "-",
    "\ue000",
)
LINES = TextRule("lines", 2_000)
# As many as a frame or body can hold, in reverse order, so that normalising must sort them.
HOSTILE = "\u0301\u0323" * 15_000
SLOWER = 20  # than normalising as much harmless text, at most


def structs() -> list[type[Struct]]:
    found = [*CLIENT_FRAMES.values(), *vars(resources).values(), *vars(dead_letters).values()]
    bodies = [one for one in found if isinstance(one, type) and issubclass(one, Struct)]
    return [one for one in bodies if one in CLIENT_FRAMES.values() or issubclass(one, Body)]


RULES = [(one, name, rule) for one in structs() for name, rule in _text_rules(one)]
TEXTS = [(one, name) for one, name, rule in RULES if rule.kind != "secret"]
ONE_LINE = [(one, name) for one, name, rule in RULES if rule.kind == "line"]


def wrong_fields(struct: type[Struct], values: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidError) as caught:
        parse(values, struct, strict=False)
    return {fault.field for fault in caught.value.faults}


def test_every_text_of_the_bounds_has_a_rule() -> None:
    named = {name for _, name, _ in RULES}
    assert {
        "email",
        "password",
        "nickname",
        "name",
        "description",
        "reason",
        "text",
        "query",
    } <= named


@pytest.mark.parametrize("text", INVISIBLE)
def test_an_invisible_text_is_refused(text: str) -> None:
    for struct, name in TEXTS:
        assert name in wrong_fields(struct, {name: text}), (struct, name)


@pytest.mark.parametrize("text", VISIBLE)
def test_a_visible_text_is_accepted(text: str) -> None:
    assert clean_text(f" {text}\n", LINES) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "text", ["a\nb", "a\u2028b", "a\u2029b", "a\rb", "a\tb", "a\x85b", "a\x7fb"]
)
def test_a_text_of_one_line_has_no_line_break(text: str) -> None:
    for struct, name in ONE_LINE:
        assert name in wrong_fields(struct, {name: text}), (struct, name)


@pytest.mark.parametrize("text", ["a\rb", "a\tb", "a\0b", "a\x85b", "a\x1bb"])
def test_a_text_of_several_lines_has_no_other_control_character(text: str) -> None:
    with pytest.raises(TextError):
        clean_text(text, LINES)
    assert clean_text("a\nb", LINES) == "a\nb"


@pytest.mark.parametrize("marks", ["\u0301\u0323" * 16, "\u0f73" * 31, "\u0301" * 31])
def test_too_many_marks_in_a_row_are_refused(marks: str) -> None:
    for struct, name, _ in RULES:
        assert name in wrong_fields(struct, {name: f"a{marks}b"}), (struct, name)


def test_combining_marks_of_real_scripts_are_accepted() -> None:
    text = "a" + "\u0323" * MARKS_RUN_MAX + "b" + "\u0301" * MARKS_RUN_MAX
    assert clean_text(text, LINES) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("character", ["가", "힣", "é", "\u1f82"])
def test_a_bound_counts_what_is_kept_however_it_was_typed(character: str) -> None:
    most = {"name": character * 120, "description": character * 10_000}
    typed = {name: unicodedata.normalize("NFD", text) for name, text in most.items()}
    others = {"sale_type": "auction"}
    product = parse({**typed, **others}, ProductCreate)
    assert (product.name, product.description) == (most["name"], most["description"])
    longer = {name: text + unicodedata.normalize("NFD", character) for name, text in typed.items()}
    assert wrong_fields(ProductCreate, {**longer, **others}) == {"name", "description"}


def test_a_password_is_not_trimmed_and_bounded_after_normalising() -> None:
    values = {"email": "a@b.c", "nickname": "n"}
    assert parse({**values, "password": " 12345678 "}, Signup).password == " 12345678 "
    typed = unicodedata.normalize("NFD", "각" * 128)
    assert parse({**values, "password": typed}, Signup).password == "각" * 128
    assert parse({"email": "a@b.c", "password": typed}, Login).password == typed
    short = unicodedata.normalize("NFD", "각" * 9)
    assert wrong_fields(Signup, {**values, "password": short}) == {"password"}


@given(text=st.text(max_size=80), kind=st.sampled_from(["line", "lines"]))
def test_a_clean_text_is_unchanged(text: str, kind: str) -> None:
    rule = TextRule(kind, 80)
    try:
        clean = clean_text(text, rule)
    except TextError:
        return
    assert clean == clean.strip() == unicodedata.normalize("NFC", clean)
    assert clean_text(clean, rule) == clean


def seconds_of(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_the_cost_of_a_text_is_linear() -> None:
    harmless = "e\u0301" * (len(HOSTILE) // 2)
    usual_s = min(seconds_of(lambda: unicodedata.normalize("NFC", harmless)) for _ in range(5))
    for struct, name, _ in RULES:
        data = json.dumps({name: HOSTILE}, ensure_ascii=False).encode()

        def refuse(struct: type[Struct] = struct, data: bytes = data) -> None:
            with pytest.raises(InvalidError):
                parse(decode_object(data), struct)

        taken_s = min(seconds_of(refuse) for _ in range(3))
        assert taken_s < SLOWER * usual_s, (struct, name)
