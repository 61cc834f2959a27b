"""Times, money, ids, steps and the rules as a value."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from app.domain.ids import automatic_bid_id, bid_id, message_id
from app.domain.increments import StepTable
from app.domain.money import Currency, is_amount
from app.domain.rules import Rules
from app.domain.time import rfc3339, whole_ms

NOON = datetime(2026, 11, 23, 12, 0, 0, 123_999, tzinfo=UTC)


def test_a_time_on_the_wire_has_three_decimals_and_z() -> None:
    assert rfc3339(NOON) == "2026-11-23T12:00:00.123Z"
    assert rfc3339(NOON.replace(microsecond=0)) == "2026-11-23T12:00:00.000Z"
    seoul = timezone(timedelta(hours=9))
    assert rfc3339(datetime(2026, 11, 23, 21, 0, tzinfo=seoul)) == "2026-11-23T12:00:00.000Z"


def test_a_naive_time_is_refused() -> None:
    naive = NOON.replace(tzinfo=None)
    for convert in (rfc3339, whole_ms):
        with pytest.raises(ValueError, match="time zone"):
            convert(naive)


def test_a_time_is_truncated_to_milliseconds() -> None:
    assert whole_ms(NOON) == NOON.replace(microsecond=123_000)


def test_money_is_an_integer_from_1_to_10_to_the_12() -> None:
    assert all(is_amount(value) for value in (1, 1_000, 10**12))
    wrong: tuple[object, ...] = (0, -1, 10**12 + 1, True, False, 1.0, "1", None)
    assert not any(is_amount(value) for value in wrong)


def test_ids_are_stable() -> None:
    """They are on the wire and in every log: if this fails, repeats are bids of their own."""
    first = bid_id(7, 42, "a-1")
    assert first == UUID("d06a341b-cfc7-5501-aded-5512185c554e")
    assert automatic_bid_id(first) == UUID("00b1fe50-1ffd-596e-87f2-8b3d6aa7f7a0")
    assert message_id(7, 42, "a-1") == UUID("5e48eb1b-0994-5008-b56d-a611804e6bf3")
    assert bid_id(7, 42, "a-2") != first != bid_id(8, 42, "a-1")


MAJOR = 100
STEPS: list[tuple[Currency, int, int]] = [
    ("KRW", 1, 100),
    ("KRW", 9_999, 100),
    ("KRW", 10_000, 1_000),
    ("KRW", 49_999, 1_000),
    ("KRW", 50_000, 2_500),
    ("KRW", 100_000, 5_000),
    ("KRW", 499_999, 5_000),
    ("KRW", 500_000, 10_000),
    ("KRW", 4_999_999, 10_000),
    ("KRW", 5_000_000, 50_000),
    ("KRW", 49_999_999, 50_000),
    ("KRW", 50_000_000, 500_000),
    ("KRW", 10**12, 500_000),
    ("JPY", 999, 10),
    ("JPY", 1_000, 100),
    ("JPY", 5_000, 250),
    ("JPY", 10_000, 500),
    ("JPY", 49_999, 500),
    ("JPY", 50_000, 1_000),
    ("USD", 99, 5),
    ("USD", 1 * MAJOR, 25),
    ("USD", 5 * MAJOR, 50),
    ("USD", 25 * MAJOR, 1 * MAJOR),
    ("USD", 100 * MAJOR, 250),
    ("USD", 250 * MAJOR, 5 * MAJOR),
    ("USD", 500 * MAJOR, 10 * MAJOR),
    ("USD", 1_000 * MAJOR, 25 * MAJOR),
    ("USD", 2_500 * MAJOR, 50 * MAJOR),
    ("USD", 5_000 * MAJOR - 1, 50 * MAJOR),
    ("EUR", 5_000 * MAJOR, 100 * MAJOR),
]


@pytest.mark.parametrize(("currency", "price", "step"), STEPS)
def test_the_step_at_a_price(currency: Currency, price: int, step: int) -> None:
    assert Rules().step_table(currency).step(price) == step


@pytest.mark.parametrize(
    ("bounds", "steps"), [((10,), (1,)), ((10, 10), (1, 2, 3)), ((20, 10), (1, 2, 3)), ((), (0,))]
)
def test_a_step_table_that_makes_no_sense_is_refused(
    bounds: tuple[int, ...], steps: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="step"):
        StepTable(bounds=bounds, steps=steps)


def test_rules_survive_json_in_any_key_order() -> None:
    rules = replace(Rules(), confirm_factor=9, ending_soon_leads_s=(5,))
    stored = json.loads(json.dumps(rules.to_json(), sort_keys=True))
    assert Rules.from_json(stored) == rules != Rules()


def test_stored_rules_must_be_complete_and_known() -> None:
    missing = Rules().to_json()
    del missing["live_lot_s"]
    unknown = Rules().to_json() | {"grace_s": 3}
    foreign = Rules().to_json()
    foreign["steps"]["XXX"] = foreign["steps"]["KRW"]
    for plain in (missing, unknown, foreign):
        with pytest.raises(ValueError, match="stored rules"):
            Rules.from_json(plain)


def test_rules_stored_without_a_version_are_of_the_first() -> None:
    stored = Rules().to_json()
    assert stored.pop("version") == 2
    assert Rules.from_json(stored) == replace(Rules(), version=1)


@pytest.mark.parametrize("version", [0, 3])
def test_rules_of_an_unknown_version_decide_nothing(version: int) -> None:
    with pytest.raises(ValueError, match=f"version {version}"):
        Rules.from_json(Rules().to_json() | {"version": version})


@pytest.mark.parametrize("number", [-1, True, 1.5])
def test_a_rule_that_is_no_integer_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Rules(cancel_lead_s=number)
