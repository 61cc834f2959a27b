"""Each alert fires in time with its text, and not below its bound.

promtool, which comes with Prometheus, plays made-up series against the rules that are committed.
"""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.boards.alerts import ALERTS, Alert
from stack.places import Places
from stack.servers.prometheus import ALERTS as RULES
from stack.servers.prometheus import Prometheus
from tests.servers import own_stack

STEP_S, MINUTES = 15, 15  # of the series; how long they last
ON = "x60"  # repeats a value of a series, or its step, for all of that time
UNITS_S = {"s": 1, "m": 60}
CLOSE, LOOP = "auction_close_seconds_bucket", "gateway_loop_delay_seconds_bucket"
BIDS, CHAT = 'topic="auction-bid"', 'topic="chat-message"'

Expectations = dict[int, list[dict[str, Any]]]  # what is to fire, by the second at which one looks


@dataclass(frozen=True, slots=True)
class Case:
    """Series, in promtool's notation, that make an alert fire, and others that must not.

    `labels` and `summary` are those of the alert that fires; `at_minute` is when it is looked at.
    """

    fires: Mapping[str, str]
    holds: Mapping[str, str]
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)
    at_minute: int = MINUTES


CASES = {
    "HouseNotScraped": Case(
        {'up{job="auction",instance="a:1"}': f"0+0{ON}"},
        {'up{job="auction",instance="a:1"}': f"1+0{ON}", 'up{job="celery"}': f"0+0{ON}"},
        "The metrics of a:1 cannot be read.",
        {"job": "auction", "instance": "a:1"},
    ),
    "BidsWaitTooLong": Case(
        {f"backlog_age_seconds{{{BIDS}}}": f"6+0{ON}"},
        {
            f"backlog_age_seconds{{{BIDS}}}": f"5+0{ON}",
            f"backlog_age_seconds{{{CHAT}}}": f"60+0{ON}",
        },
        "A bid has waited 6s to be decided: scale the pool bids.",
    ),
    "BidsRefused": Case(
        {f'gateway_refused_records_total{{{BIDS},cause="backlog"}}': f"0+1{ON}"},
        {
            f'gateway_refused_records_total{{{BIDS},cause="backlog"}}': f"7+0{ON}",
            f'gateway_refused_records_total{{{CHAT},cause="full"}}': f"0+1{ON}",
        },
        "Gateways refuse bids: backlog.",
        {"cause": "backlog"},
    ),
    "BidsOfUnknownFate": Case(
        {"ws_unknown_bids_total": f"0+1{ON}"},
        {"ws_unknown_bids_total": f"7+0{ON}"},
        "Kafka does not acknowledge bids in time.",
    ),
    "ConsumerBehind": Case(
        {f'group_lag_seconds{{group="save",{CHAT}}}': f"90+0{ON}"},
        {f'group_lag_seconds{{group="save",{CHAT}}}': f"30+0{ON}"},
        "Group save is 1m 30s behind on chat-message.",
        {"group": "save", "topic": "chat-message"},
    ),
    "OutboxStuck": Case(
        {"relay_unsent_age_seconds": f"6+0{ON}"},
        {"relay_unsent_age_seconds": f"5+0{ON}"},
        "Decided bids have not reached Kafka for 6s.",
    ),
    "AuctionsCloseLate": Case(
        {
            f'{CLOSE}{{le="5.0"}}': f"0+0{ON}",
            f'{CLOSE}{{le="15.0"}}': f"0+1{ON}",
            f'{CLOSE}{{le="+Inf"}}': f"0+1{ON}",
        },
        {
            f'{CLOSE}{{le="5.0"}}': f"0+1{ON}",
            f'{CLOSE}{{le="15.0"}}': f"0+1{ON}",
            f'{CLOSE}{{le="+Inf"}}': f"0+1{ON}",
        },
        "Auctions close 14.9s after their end.",
    ),
    "RecordsGivenUp": Case(
        {f'lane_dead_records_total{{{BIDS},reason="Undecodable"}}': "0 0 1+0x58"},
        {f'lane_dead_records_total{{{BIDS},reason="Undecodable"}}': f"3+0{ON}"},
        "Records of auction-bid became dead letters: Undecodable.",
        {"topic": "auction-bid", "reason": "Undecodable"},
        at_minute=5,
    ),
    "LanesParked": Case(
        {f"lane_parked_now_lanes{{{BIDS}}}": f"2+0{ON}"},
        {f"lane_parked_now_lanes{{{BIDS}}}": f"0+0{ON}"},
        "2 lanes of auction-bid wait for a person.",
        {"topic": "auction-bid"},
    ),
    "PipelineFails": Case(
        {'pipeline_failures_total{pipeline="relay"}': f"0+1{ON}"},
        {'pipeline_failures_total{pipeline="relay"}': "0 1 2+0x58"},
        "relay fails and is begun again.",
        {"pipeline": "relay"},
    ),
    "PipelineStuck": Case(
        {'pipeline_step_ended_seconds{pipeline="relay"}': f"0+0{ON}"},
        {'pipeline_step_ended_seconds{pipeline="relay"}': f"0+15{ON}"},
        "relay has ended no step for 15m 0s.",
        {"pipeline": "relay"},
    ),
    "OldTransaction": Case(
        {'postgres_oldest_transaction_seconds{holder="session"}': f"360+0{ON}"},
        {'postgres_oldest_transaction_seconds{holder="session"}': f"300+0{ON}"},
        "A transaction is 6m 0s old: session.",
        {"holder": "session"},
    ),
    "PostgresConnectionsRunOut": Case(
        {
            'postgres_open_connections{state="idle"}': f"46+0{ON}",
            'postgres_open_connections{state="active"}': f"45+0{ON}",
            "postgres_allowed_connections": f"100+0{ON}",
        },
        {
            'postgres_open_connections{state="idle"}': f"45+0{ON}",
            'postgres_open_connections{state="active"}': f"45+0{ON}",
            "postgres_allowed_connections": f"100+0{ON}",
        },
        "PostgreSQL has few connections left.",
    ),
    "HttpErrors": Case(
        {
            'http_request_total{status="200"}': f"0+98{ON}",
            'http_request_total{status="503"}': f"0+2{ON}",
        },
        {
            'http_request_total{status="200"}': f"0+199{ON}",
            'http_request_total{status="404"}': f"0+199{ON}",
            'http_request_total{status="503"}': f"0+1{ON}",
        },
        "More than one request in a hundred fails by our fault.",
    ),
    "GatewayLoopLate": Case(
        {
            f'{LOOP}{{le="0.25"}}': f"0+0{ON}",
            f'{LOOP}{{le="0.5"}}': f"0+1{ON}",
            f'{LOOP}{{le="+Inf"}}': f"0+1{ON}",
        },
        {
            f'{LOOP}{{le="0.25"}}': f"0+1{ON}",
            f'{LOOP}{{le="0.5"}}': f"0+1{ON}",
            f'{LOOP}{{le="+Inf"}}': f"0+1{ON}",
        },
        "A gateway's loop is 497.5ms late: add a gateway process.",
    ),
    "ProcessKeepsDying": Case(
        {'process_unexpected_restarts{process="relay"}': f"0+1{ON}"},
        {'process_unexpected_restarts{process="relay"}': "0 1 2+0x58"},
        "relay dies again and again.",
        {"process": "relay"},
    ),
}


def promtool(*arguments: str) -> str:
    tool = shutil.which("promtool")
    assert tool is not None, "promtool comes with Debian's package prometheus"
    done = subprocess.run((tool, *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expected(alert: Alert, case: Case) -> list[dict[str, Any]]:
    return [
        {
            "exp_labels": {"severity": alert.severity, **case.labels},
            "exp_annotations": {**alert.rule()["annotations"], "summary": case.summary},
        }
    ]


def scenario(series: Mapping[str, str], expectations: Expectations, alert: Alert) -> dict[str, Any]:
    return {
        "interval": f"{STEP_S}s",
        "input_series": [{"series": name, "values": series[name]} for name in series],
        "alert_rule_test": [
            {"eval_time": f"{second}s", "alertname": alert.name, "exp_alerts": expectations[second]}
            for second in expectations
        ],
    }


def scenarios(alert: Alert, case: Case) -> list[dict[str, Any]]:
    lasts_s = int(alert.lasts[:-1]) * UNITS_S[alert.lasts[-1]]
    too_early: Expectations = {lasts_s - STEP_S: []} if lasts_s else {}
    fires = {**too_early, case.at_minute * 60: expected(alert, case)}
    holds: Expectations = {minute * 60: [] for minute in range(MINUTES + 1)}
    return [scenario(case.fires, fires, alert), scenario(case.holds, holds, alert)]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_fires_in_time_and_only_above_its_bound(alert: Alert, tmp_path: Path) -> None:
    file = tmp_path / "tests.yml"
    tests = scenarios(alert, CASES[alert.name])
    config = {"rule_files": [str(RULES)], "evaluation_interval": f"{STEP_S}s", "tests": tests}
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    promtool("test", "rules", str(file))


def test_prometheus_accepts_its_rules_and_configuration(
    tmp_path: Path,
) -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", str(RULES))
    stack = own_stack()
    places = Places(tmp_path, run_dir=tmp_path, data_dir=tmp_path / "data")
    server = Prometheus(places, stack.settings, stack.credentials)
    server.prepare()
    assert "is valid prometheus config" in promtool(
        "check", "config", str(server.configuration_file)
    )
