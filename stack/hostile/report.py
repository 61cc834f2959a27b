"""What became of the abuses and of the honest bids beside them, as a table and a verdict."""

from collections.abc import Mapping
from typing import Any

from stack.bench.measurement import Measurement
from stack.hostile.attack import ALL_ABUSES, Report
from stack.tables import markdown

RESULT_P99_MAX_MS = 500.0  # send → outcome, as of a rate that is held: docs/performance.md
CORES_SHOWN_MIN = 0.01
ANSWERS_SHOWN = 5
# What each abuse must be seen to be answered with: by one of these at least, else it never came to
# the door. They are refusals, but for what anybody may do, which the honest bids alone judge.
EXPECTED: dict[str, set[str]] = {
    "chat_of_marks": {"INVALID", "RATE_LIMITED"},
    "pings": {"RATE_LIMITED", "close 4013"},
    "empty_fragments": {"RATE_LIMITED", "close 4013"},
    "pipelined_health": {"200"},
    "snapshots_by_request": {"200"},
    "snapshots_by_socket": {"subscribed"},
    "metrics": {"200"},
    "frame_flood": {"RATE_LIMITED", "close 4013"},
    "broken_handshakes": {"400", "426"},
    "unknown_paths": {"404"},
    "log_ins": {"401", "503"},
    "log_ins_of_marks": {"422", "429"},
    "half_open_requests": {"408", "429"},
    "sockets_from_one_address": {"429"},
    "foreign_origins": {"403"},
    "foreign_refreshes": {"403"},
    "forged_tokens": {"401"},
    "forged_tokens_on_sockets": {"close 4401"},
    "guesses": {"429"},
    "bad_sign_ups": {"422", "429"},
    "others_things": {"403"},
    "forged_addresses": {"429"},
    "operators": {"422"},
    "bad_bodies": {"400"},
    "bad_frames": {"close 4400"},
    "huge_frames": {"close 1009"},
    "compressed_frames": {"close 1002"},
    "chat_flood": {"RATE_LIMITED"},
    "hopeless_bids": {"RATE_LIMITED"},
    "lines_for_the_log": {"404", "422"},
}
NEVER = ("500", "INTERNAL", "close 4004", "close 1011")  # no abuse causes a server error


def render(reports: Mapping[str, Report]) -> str:
    """One row for each abuse."""
    heading = ("abuse", "connections", "ended by the gateway", "attempts", "answers")
    rows = [
        (
            (ALL_ABUSES[name].__doc__ or name).partition("\n")[0].rstrip("."),
            *(f"{number:,}" for number in (report.connections, report.ended, report.bursts)),
            _answers(report),
        )
        for name, report in reports.items()
    ]
    return markdown(heading, rows, "<>>><")


def render_honest(quiet: Mapping[str, Any], abused: Mapping[str, Any] | None = None) -> str:
    """What became of the honest bids, alone and abused."""
    heading = ("honest bids", "sent", "lost", "receipt p50 / p99, ms", "outcome p50 / p99, ms")
    rows = []
    for name, report in {"alone": quiet, "abused": abused}.items():
        if report is not None:
            received, result = (
                f"{report[of]['p50']:.0f} / {report[of]['p99']:.0f}"
                for of in ("received_ms", "result_ms")
            )
            sent, lost = f"{report['bids']['sent']:,}", f"{report['failures']['total']:,}"
            bounded = f"{result}, at most {RESULT_P99_MAX_MS:.0f}"
            rows.append((name, sent, lost, received, bounded))
    return markdown(heading, rows, "<>>>>")


def render_costs(quiet: Measurement, abused: Measurement, reports: Mapping[str, Report]) -> str:
    """What share of one core each process took, alone and abused."""
    rows = []
    for name in sorted(abused.costs, key=lambda name: -abused.costs[name].cpu_s):
        before = quiet.costs[name].cpu_s / quiet.window_s if name in quiet.costs else 0.0
        after = abused.costs[name].cpu_s / abused.window_s
        if max(before, after) >= CORES_SHOWN_MIN:
            rows.append((name, f"{before:.2f}", f"{after:.2f}"))
    abusers_s = max(report.cpu_s for report in reports.values())  # one process does all
    rows.append(("the abusers", "", f"{abusers_s / abused.window_s:.2f}"))
    return markdown(("cores taken by", "alone", "abused"), rows, "<>>")


def is_measurable(quiet: Mapping[str, Any]) -> bool:
    """Whether honest bids alone keep the bound here: else abuse cannot be judged by it."""
    return not quiet["failures"]["total"] and quiet["result_ms"]["p99"] <= RESULT_P99_MAX_MS


def complaints(reports: Mapping[str, Report], abused: Mapping[str, Any]) -> list[str]:
    """What did not hold, one line each."""
    found = []
    if lost := int(abused["failures"]["total"]):
        kinds = {kind: count for kind, count in abused["failures"].items() if count}
        found.append(f"{lost:,} honest bids were lost: {kinds}, answers {abused['errors']}")
    if abused["result_ms"]["p99"] > RESULT_P99_MAX_MS:
        found.append(f"honest bids took longer than {RESULT_P99_MAX_MS:.0f} ms")
    for name, report in reports.items():
        if report.bursts == 0:
            found.append(f"{name}: nothing was tried")
        elif not EXPECTED[name] & report.answers.keys():
            found.append(f"{name}: not answered by any of {', '.join(sorted(EXPECTED[name]))}")
        found += [f"{name}: answered {kind}" for kind in NEVER if kind in report.answers]
    return found


def _answers(report: Report) -> str:
    common = sorted(report.answers.items(), key=lambda item: -item[1])[:ANSWERS_SHOWN]
    return ", ".join(f"{count:,} of {kind}" for kind, count in common) or "none"
