"""Three minutes of the fault campaign, on its own stack: faults at random, two at a time."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from stack.campaign.result_store import ResultStore
from stack.places import CHECKOUT
from stack.slowness import slowness

MINUTES = 3
BIDS_PER_S = 10  # of a free machine: faults are to be borne here, not a load
NAME = "mixed-1"
HELD, NOT_HELD = 0, 1


@pytest.mark.timeout(3_600)  # three minutes, and the stack, rest and audit of a slow machine
def test_three_minutes_of_faults_lose_no_acknowledged_bid(tmp_path: Path) -> None:
    seed = int(os.environ.get("CAMPAIGN_SEED") or random.randrange(1_000_000))
    rate = BIDS_PER_S / slowness()
    named = {"only": NAME, "minutes": MINUTES, "seed": seed, "rate": rate, "store": tmp_path}
    arguments = [word for name, value in named.items() for word in (f"--{name}", str(value))]
    run = subprocess.run(
        (sys.executable, "-m", "stack.campaign", *arguments),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    output = f"CAMPAIGN_SEED={seed}\n{run.stdout}\n{run.stderr}"
    print(output)
    assert run.returncode in (HELD, NOT_HELD), output
    result = ResultStore(tmp_path).result(NAME)
    assert sum(result.incidents.times.values()) > 0
    assert result.is_correct, output  # no test asserts a time
