"""The sketch beside the checkout may be missing; its steps are compared with ours."""

from dataclasses import replace
from pathlib import Path

import pytest

from stack.bench.__main__ import main
from stack.bench.sketch import TO_KAFKA, SketchStep, copy, ratio_held, render_sketch, step_of
from tests.unit.bench.test_table import step

PRINTED = {
    "settled_per_s": 1_999.5, "res": 40_000, "res_ms": [47.0, 90.0, 125.0, 300.0], "nores": 0,
    "err": 0, "dialfail": 0, "lg_cpu": 4.0,
}  # fmt: skip


def sketched(**changes: object) -> SketchStep:
    return step_of({**PRINTED, **changes}, rate=2_000, auctions=1, cpu_s=28.0)


def test_without_the_sketch_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKETCH_DIR", str(tmp_path))
    assert main(["--sketch"]) == 2
    printed = capsys.readouterr().err
    assert printed == f"bench: no sketch in {tmp_path}: SKETCH_DIR says where it is\n"


def test_a_step_of_what_its_generator_printed() -> None:
    assert sketched().cpu_s_per_1000_bids == pytest.approx(0.8)
    assert sketched().held
    assert not sketched(res_ms=[1.0, 2.0, 501.0, 502.0]).held
    assert not sketched(nores=1).carried


def test_each_step_is_listed_with_the_sketchs() -> None:
    *_, both, alone = render_sketch([step()], [sketched(), replace(sketched(), rate=9_000)])
    assert both == "| 1, 2,000 | 2,000 | 2,000 | **1.00** | 79 | 125 | 0.231 | 0.800 |"
    assert alone == "| 1, 9,000 | - | 2,000 | - | - | 125 | - | 0.800 |"


def test_the_ratio_is_of_the_rates_that_are_held() -> None:
    faster = replace(sketched(), rate=4_000)
    broken = replace(sketched(nores=5), rate=10_000)
    assert ratio_held([step()], [sketched(), faster, broken]) == {"sketch.1": 0.5}
    assert ratio_held([], [sketched()]) == {"sketch.1": 0}
    assert ratio_held([step()], [broken]) == {}


def test_the_copy_logs_in_to_kafka_and_is_otherwise_the_same(tmp_path: Path) -> None:
    source, target = tmp_path / "sketch", tmp_path / "copy"
    source.mkdir()
    (source / "relay.py").write_text(f"p = KafkaProducer({TO_KAFKA}, acks='all')\n")
    (source / "db.py").write_text("import os\n")
    for _ in range(2):  # as in every run
        copy(source, target)
    text = (target / "relay.py").read_text(encoding="utf-8")
    assert text.startswith(f"p = KafkaProducer({TO_KAFKA}, security_protocol=os.environ[")
    assert text.endswith("sasl_plain_password=os.environ['KAFKA_SASL_PASSWORD'], acks='all')\n")
    assert text.count("sasl_mechanism") == 1
    assert (target / "db.py").read_text(encoding="utf-8") == "import os\n"
