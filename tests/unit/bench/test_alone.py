"""Two benchmarks at once would share ports, data and the machine they measure."""

import pytest

from stack import Stack
from stack.bench.__main__ import PROFILE, main
from stack.lifecycle import alone


def test_a_second_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with alone(Stack.of(PROFILE)):
        assert main([]) == 2
    assert "profile bench: wait for it" in capsys.readouterr().err
