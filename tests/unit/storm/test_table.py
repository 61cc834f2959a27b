"""BowChat's table has a figure of this run in each row, for every driver."""

from stack.bench.measurement import Cost, Measurement
from stack.bench.storm import Load
from stack.storm.drivers import report_of
from stack.storm.table import render

SUMMARY = {
    "bids_sent": {"count": 20_000.0},
    "bids_decided": {"count": 19_998.0},
    "bids_accepted": {"count": 15_000.0},
    "bids_steady": {"count": 19_000.0},
    "bids_lost": {"count": 2.0},
    "bid_failed": {"rate": 0.0001},
    "bid_outcome_ms": {"med": 41.2, "p(95)": 99.0, "p(99)": 1_234.5},
}
REPORT = report_of(SUMMARY, steady_s=20, cpu_s=30.0)


def measured() -> Measurement:
    return Measurement(
        load=Load(rate=0, seconds=0, sockets=1_000, auctions=1, mode="ws", subscribe=True),
        storm=REPORT,
        window_s=50.0,
        costs={"gateway": Cost(cpu_s=8.0, cpu_s_per_1000_bids=0.4, rss_mib=240.4, processes=3)},
        cpu_s_per_1000_bids=0.436,
        oldest_waiting_s=0.114,
        backlog_s=0.0,
        connections={"gateway": 6, "bridge": 8},
    )


def last_column(text: str) -> list[str]:
    return [line.split(" | ")[-1].removesuffix(" |") for line in text.splitlines()[2:]]


def test_every_figure_of_this_run_is_in_the_last_column() -> None:
    assert last_column(render(REPORT, measured())) == [
        "0.01% (2 of 20,000)",
        "oldest unsettled bid 0.11 s",
        "950",
        "41 / 1,234",
        "0.44 (everything)",
        "14",
    ]


def test_of_another_machine_only_client_figures_are_shown() -> None:
    assert last_column(render(REPORT, None)) == [
        "0.01% (2 of 20,000)",
        "-",
        "950",
        "41 / 1,234",
        "-",
        "-",
    ]


def test_bowchats_own_figures_are_listed() -> None:
    heading, _, lost, *_ = render(REPORT, None).splitlines()
    assert heading.startswith("| figure | README before | README after | BowChat measured here |")
    assert lost.startswith("| bids without outcome within 5 s | 73 % (HTTP) | 58 % (HTTP) | 98.7 %")


def test_a_script_without_bids_or_steady_stage_has_zeros() -> None:
    report = report_of({}, steady_s=0, cpu_s=1.0)
    assert (report["bids"]["offered"], report["rates"]["steady_per_s"]) == (0, 0.0)
