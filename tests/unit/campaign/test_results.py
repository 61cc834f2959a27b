"""When a round passes, and which results a restarted campaign keeps."""

from dataclasses import asdict, replace
from json import dumps
from pathlib import Path
from typing import Any

import pytest

from stack.campaign.audit import AuditResult
from stack.campaign.faults.catalogue import all_faults
from stack.campaign.result_store import ResultStore
from stack.campaign.results import Incidents, Result
from stack.campaign.verdict import Counts
from stack.settings import read_settings

GOOD = Result(
    name="relay-kill",
    seed=7,
    commit="abc",
    minutes=10.0,
    bids_per_s=60.0,
    incidents=Incidents({"relay-kill": 3}, {"relay-kill": 2.5}),
    counts=Counts(acknowledged=500),
    audit_result=AuditResult(0, ["I1 ok"]),
    problems=[],
    busy_kills={},
    duplicates=50,
    peak_mib={"relay": 90},
)
BAD = {
    "a lost bid": {"counts": Counts(acknowledged=500, lost=1)},
    "a doubled bid": {"counts": Counts(acknowledged=500, doubled=1)},
    "a misordered bid": {"counts": Counts(acknowledged=500, misordered=1)},
    "a failed bid": {"counts": Counts(acknowledged=500, failed=1)},
    "no bid at all": {"counts": Counts()},
    "a violated invariant": {"audit_result": AuditResult(1, ["I2 1 violation"])},
    "an audit that could not be made": {"audit_result": AuditResult(2, ["unreachable"])},
    "a slow recovery": {"incidents": Incidents({"x": 1}, {"x": 30.1})},
    "no recovery": {"incidents": Incidents({"x": 1}, {"x": None})},
    "a problem": {"problems": ["the disk could not be filled"]},
}


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "store")


@pytest.mark.parametrize("what", BAD)
def test_a_round_does_not_hold_with(what: str) -> None:
    assert GOOD.held
    assert not replace(GOOD, **BAD[what]).held  # type: ignore[arg-type]


def test_a_slow_recovery_is_sound_and_none_is_not() -> None:
    assert replace(GOOD, incidents=Incidents({"x": 1}, {"x": 30.1})).is_correct
    assert not replace(GOOD, incidents=Incidents({"x": 1}, {"x": None})).is_correct


def test_the_longest_recovery_counts_and_never_is_longest() -> None:
    incidents = Incidents()
    for seconds in (1.0, 3.0, 2.0):
        incidents.note("x", seconds)
    assert (incidents.times, incidents.worst_s) == ({"x": 3}, {"x": 3.0})
    incidents.note("x", None)
    incidents.note("x", 1.0)
    assert incidents.worst_s == {"x": None}


AGREED: dict[str, Any] = {"seed": 7, "minutes": 10.0, "bids_per_s": 60.0}


def test_a_passed_round_is_remembered(store: ResultStore) -> None:
    store.save(GOOD)
    assert store.load_good("relay-kill", **AGREED) == GOOD


@pytest.mark.parametrize("changed", [{"seed": 8}, {"minutes": 3.0}, {"bids_per_s": 5.0}])
def test_a_result_of_other_conditions_is_measured_again(
    store: ResultStore, changed: dict[str, float]
) -> None:
    store.save(GOOD)
    assert store.load_good("relay-kill", **{**AGREED, **changed}) is None


def test_failed_missing_and_outdated_results_are_run(store: ResultStore, tmp_path: Path) -> None:
    store.save(replace(GOOD, problems=["x"]))
    assert store.load_good("relay-kill", **AGREED) is None
    assert store.load_good("save-kill", **AGREED) is None
    old = {name: value for name, value in asdict(GOOD).items() if name != "bids_per_s"}
    (tmp_path / "store" / "relay-kill.json").write_text(dumps(old), encoding="utf-8")
    assert store.load_good("relay-kill", **AGREED) is None


def test_a_campaign_keeps_its_seed_until_a_fresh_start(tmp_path: Path) -> None:
    seed = ResultStore(tmp_path).seed(None)
    assert ResultStore(tmp_path).seed(None) == seed
    assert ResultStore(tmp_path).seed(5) == 5
    assert ResultStore(tmp_path).seed(None) == 5
    assert ResultStore.fresh(tmp_path).seed(6) == 6


def test_a_result_survives_json() -> None:
    assert Result.from_json(dumps(asdict(GOOD))) == GOOD


@pytest.mark.parametrize("profile", ["faults", "failover"])
def test_every_fault_has_a_name_of_its_own(profile: str) -> None:
    names = [fault.name for fault in all_faults(read_settings(profile=profile, port_offset=0))]
    assert len(set(names)) == len(names)
