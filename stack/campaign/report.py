"""The campaign's table, for people and for docs/faults.md."""

import os
import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from stack.campaign.introductions import CAMPAIGN_PAGE, FAILOVER_PAGE
from stack.campaign.market import SLOTS
from stack.campaign.memory import APPLICATION_MAX_MIB, GATEWAY_MAX_MIB
from stack.campaign.results import RECOVERY_MAX_S, Result
from stack.places import CHECKOUT
from stack.settings import Settings, Versions
from stack.tables import markdown

DOCUMENT = CHECKOUT / "docs" / "faults.md"
KILLS_MIN = {"worker": 40, "ingest": 20}
MEMORY = (
    "The most each process held at any time, with its children; shared pages count in each. "
    f"Bounds: gateway {GATEWAY_MAX_MIB} MiB, other processes of the application "
    f"{APPLICATION_MAX_MIB} MiB; servers have bounds of their own."
)
HEADING = (
    "fault", "times", "worst recovery, s", "acknowledged", "lost", "doubled", "wrongly ordered",
    "failed", "held",
)  # fmt: skip


def line(result: Result) -> str:
    """Return one round in one line, for the terminal."""
    counts = result.counts
    worst = "never" if result.worst_s is None else f"{result.worst_s:.1f} s"
    return (
        f"  {result.name:<32} x{sum(result.incidents.times.values()):<3} recovery {worst:>7}  "
        f"acknowledged {counts.acknowledged:>6}  lost {counts.lost}  doubled {counts.doubled}  "
        f"misordered {counts.misordered}  failed {counts.failed}  "
        f"{'held' if result.held else 'NOT HELD'}"
    )


def complaints(result: Result) -> list[str]:
    """Why a round did not hold, beside its counts."""
    audit_result = result.audit_result.lines if result.audit_result.code else []
    return [*result.problems, *result.counts.examples, *(f"audit: {text}" for text in audit_result)]


def table(results: Sequence[Result]) -> str:
    """The table in Markdown, with a last line of sums."""
    rows = [*(_row(result) for result in results), _sums(results)]
    return markdown(HEADING, rows, f"<{'>' * (len(HEADING) - 2)}<")


def kills_min(settings: Settings) -> dict[str, int]:
    """How many processes of each kind a campaign must kill in the middle of a transaction."""
    return KILLS_MIN if settings.brokers == 1 else {}


def busy_kills(results: Sequence[Result]) -> Counter[str]:
    """How many processes were killed in the middle of a transaction, by kind."""
    kills: Counter[str] = Counter()
    for result in results:
        kills.update(result.busy_kills)
    return kills


def write_document(results: Sequence[Result], settings: Settings) -> None:
    """This campaign's part of docs/faults.md; that of the other campaign stays."""
    DOCUMENT.parent.mkdir(exist_ok=True)
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    DOCUMENT.write_text(with_part(before, document(results, settings)), encoding="utf-8")


def with_part(text: str, part: str) -> str:
    """The text with this part, instead of the one that has its first line, or after all others."""
    parts = [f"# {body.rstrip()}\n" for body in re.split(r"^# ", text, flags=re.MULTILINE)[1:]]
    heads = [one.partition("\n")[0] for one in parts]
    head = part.partition("\n")[0]
    if head in heads:
        parts[heads.index(head)] = part
    else:
        parts.append(part)
    return "\n".join(parts)


def document(results: Sequence[Result], settings: Settings) -> str:
    """All that was found, with its conditions."""
    several = settings.brokers > 1
    return (
        "\n\n".join(
            (
                FAILOVER_PAGE if several else CAMPAIGN_PAGE,
                _promise(results),
                _conditions(results),
                _kills(results, kills_min(settings)),
                table(results),
                *(_mixed(result) for result in results if len(result.incidents.times) > 1),
                f"## Memory{', three brokers' if several else ''}\n\n{MEMORY}",
                _memory(results),
            )
        )
        + "\n"
    )


def _promise(results: Sequence[Result]) -> str:
    held = "Everything held." if all(result.held for result in results) else "NOT everything held."
    return (
        f"**{held}** To hold, nothing acknowledged may be lost, doubled, wrongly ordered or "
        "failed, the audit must find nothing in Kafka, stores and clients' journals, and work must "
        f"resume in {RECOVERY_MAX_S:.0f} s."
    )


def _kills(results: Sequence[Result], wanted: Mapping[str, int]) -> str:
    kills = busy_kills(results)
    doubled = sum(result.duplicates for result in results)
    killed = ", ".join(f"{kills[kind]} {kind}s (wanted: {least})" for kind, least in wanted.items())
    return (f"Killed in the middle of a transaction: {killed}. " if killed else "") + (
        f"Bids produced to Kafka twice in all: {doubled:,}."
    )


def _row(result: Result) -> tuple[str, ...]:
    worst = "never" if result.worst_s is None else f"{result.worst_s:.1f}"
    return (
        result.name,
        str(sum(result.incidents.times.values())),
        worst,
        *(f"{number:,}" for number in _numbers(result)),
        "yes" if result.held else "**no**",
    )


def _numbers(result: Result) -> tuple[int, ...]:
    counts = result.counts
    return (counts.acknowledged, counts.lost, counts.doubled, counts.misordered, counts.failed)


def _sums(results: Sequence[Result]) -> tuple[str, ...]:
    sums = [sum(numbers) for numbers in zip(*map(_numbers, results), strict=True)]
    times = sum(sum(result.incidents.times.values()) for result in results)
    worst = max((r.worst_s for r in results if r.worst_s is not None), default=0.0)
    held = "yes" if all(result.held for result in results) else "no"
    cells = ("all", str(times), f"{worst:.1f}", *(f"{number:,}" for number in sums), held)
    return tuple(f"**{cell}**" for cell in cells)


def _mixed(result: Result) -> str:
    parts = ", ".join(f"{name} {times}" for name, times in sorted(result.incidents.times.items()))
    return f"{result.name}, seed {result.seed}, {result.minutes:g} minutes: {parts}."


def _memory(results: Sequence[Result]) -> str:
    names = sorted({name for result in results for name in result.peak_mib})
    peaks = (max(result.peak_mib.get(name, 0) for result in results) for name in names)
    return markdown(("process", "MiB at most"), zip(names, map(str, peaks), strict=True), "<>")


def _conditions(results: Sequence[Result]) -> str:
    commits = sorted({result.commit for result in results})
    rates = sorted({f"{result.bids_per_s:g}" for result in results})
    seeds = sorted({result.seed for result in results})
    servers = (
        f"postgresql {Versions.postgresql}, kafka {Versions.kafka}, "
        f"ferretdb {_go_version('ferretdb')}, toxiproxy {_go_version('toxiproxy')}"
    )
    machine = (
        f"{len(os.sched_getaffinity(0))} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {servers}"
    )
    seeds_listed = ", ".join(map(str, seeds))
    load = f"{', '.join(rates)} bids/s offered on {SLOTS} auctions"
    return f"- commit: {', '.join(commits)}\n- seeds: {seeds_listed}\n- {machine}\n- {load}"


def _go_version(program: str) -> str:
    """The version of what one of our programs in Go is made of, which has its name."""
    modules = (CHECKOUT / "stack" / program / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"/{program}(?:/v\d+)? v(\S+)", modules, re.IGNORECASE)
    return found[1] if found else "unknown"
