"""The benchmark's scenarios run against the application, at a hundredth of their size."""

import pytest

from stack.bench.application import Application
from stack.bench.scenarios import SCENARIOS, Scale
from stack.builds import go_program
from tests.e2e.cluster import Cluster

SCALE = Scale(seconds=1, share=0.01, held=(1_000,))
# The others differ by their load alone, and take long to prepare.
FIGURES = {
    "overload": {
        "overload.share",
        "overload.busy_p99_ms",
        "overload.other_errors",
        "overload.acknowledged_max_ms",
        "overload.acknowledged_open",
    },
    "recovery": {"recovery.s"},
    "fan-out": {"fan-out.frames_per_s", "fan-out.delay_p99_ms", "fan-out.result_p99_ms"},
    "drain": {"drain.1", "drain.1000"},
}


@pytest.fixture(scope="module")
def application(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Application:
    """The application as the benchmark sees it."""
    addresses = {
        **cluster.stack.addresses(),
        "BASE_URL": cluster.gateway.base_url,
        "WS_URL": cluster.gateway.ws_url,
    }
    return Application(
        stack=cluster.stack,
        programs=cluster.programs,
        addresses=addresses,
        executable=go_program("storm").ensure(),
        users_file=tmp_path_factory.mktemp("scenarios") / "users.json",
        prefix=cluster.prefix,
    )


@pytest.mark.parametrize("name", FIGURES)
def test_a_scenario_gives_its_figures(application: Application, name: str) -> None:
    result = SCENARIOS[name](application, SCALE)
    assert set(result.figures) == FIGURES[name]
    for step in result.steps:
        assert step.storm["bids"]["decided"] == step.storm["bids"]["offered"]
