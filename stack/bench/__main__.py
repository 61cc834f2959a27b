"""`python -m stack.bench`: start the profile `bench`, storm it step by step, write the report."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stack.bench.measurement import Measurement, measure
from stack.bench.report import write_report
from stack.bench.scraping import render_ratios, scraped
from stack.bench.stored import Growth, growth_of, render_growth, send_chat
from stack.bench.storm import USERS_FILE, Load, build_storm
from stack.faults import StackFault
from stack.lifecycle import alone
from stack.progress import shown
from stack.runtime import Stack

PROFILE = "bench"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when no bid of the first step failed, 1 when some did, 2 when nothing was run."""
    options = parser().parse_args(arguments)
    stack = Stack.of(PROFILE, step=shown)
    try:
        with alone(stack):
            steps, growths = _run(stack, options)
    except StackFault as fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 2
    file, table = write_report(steps, now=datetime.now(UTC))
    print(f"\n{table}\n{file}")
    if options.scrapers:
        print(f"\n{render_ratios(steps[::2], steps[1::2])}")
    if growths:
        print(f"\n{render_growth(growths)}")
    return 1 if steps[0].failures else 0


def parser() -> argparse.ArgumentParser:
    """The options of the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m stack.bench", description=__doc__)
    parser.add_argument("--rate", type=float, default=2_000, help="bids offered per second")
    parser.add_argument(
        "--steps",
        type=_rates,
        default=(),
        metavar="RATE,RATE,…",
        help="instead of --rate: one after another, until one is not carried",
    )
    parser.add_argument("--seconds", type=float, default=20, help="length of a step")
    parser.add_argument("--warm-up", type=float, default=5, help="seconds before, not measured")
    parser.add_argument("--sockets", type=int, default=1_000, help="users, one socket each")
    parser.add_argument(
        "--auctions", type=int, default=1, help="auctions the users are spread over"
    )
    parser.add_argument("--mode", choices=("ws", "http"), default="ws", help="how bids are sent")
    parser.add_argument(
        "--subscribe",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="every socket watches its auction, as a page does",
    )
    parser.add_argument(
        "--scrapers",
        type=int,
        default=0,
        metavar="N",
        help="compare rounds of --rate, by turns without and with N scrapers of all metrics",
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each, with --scrapers")
    parser.add_argument(
        "--bytes", action="store_true", help="tell what each store keeps of the bids, and of chat"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget the data of earlier runs first"
    )
    return parser


def _rates(text: str) -> tuple[float, ...]:
    return tuple(float(rate) for rate in text.split(","))


def _run(stack: Stack, options: argparse.Namespace) -> tuple[list[Measurement], list[Growth]]:
    with shown("build the load generator"):
        executable = build_storm(stack.settings.versions)
    first = Load(
        rate=options.rate,
        seconds=options.seconds,
        sockets=options.sockets,
        auctions=options.auctions,
        mode=options.mode,
        subscribe=options.subscribe,
    )
    steps: list[Measurement] = []
    growths: list[Growth] = []
    with _running(stack, fresh=options.fresh):
        users_file = stack.places.data_dir / USERS_FILE
        if options.warm_up:
            # Kafka's virtual machine compiles while it is young: ten times the CPU of later bids.
            with shown(f"warm up for {options.warm_up:.0f} s"):
                load = replace(first, seconds=options.warm_up)
                measure(stack, load, executable=executable, users_file=users_file)

        def storms() -> int:
            steps.extend(_steps(stack, first, options, executable, users_file))
            return sum(int(step.storm["bids"]["decided"]) for step in steps)

        if options.bytes:
            growths.append(growth_of(stack, "decided bids", storms))
            growths.append(growth_of(stack, "chat messages", lambda: send_chat(stack)))
        else:
            storms()
    return steps, growths


def _steps(
    stack: Stack, first: Load, options: argparse.Namespace, executable: Path, users_file: Path
) -> Iterator[Measurement]:
    """Storm step by step, until one is not carried."""
    for load in loads(first, options):
        beside = f" beside {load.scrapers} scrapers" if load.scrapers else ""
        with (
            shown(f"storm of {load.rate:,.0f} bids/s for {load.seconds:.0f} s{beside}"),
            scraped(_metrics_urls(stack), load.scrapers),
        ):
            step = measure(stack, load, executable=executable, users_file=users_file)
        yield step
        if not step.carried and not options.scrapers:
            return


def loads(first: Load, options: argparse.Namespace) -> list[Load]:
    """What is offered, step by step."""
    if options.scrapers:
        return [first, replace(first, scrapers=options.scrapers)] * options.rounds
    return [replace(first, rate=rate) for rate in options.steps or (options.rate,)]


def _metrics_urls(stack: Stack) -> list[str]:
    """Every port that metrics are on."""
    addresses = stack.addresses()
    return [addresses["METRICS_URL"], f"{addresses['FLOWER_URL']}/metrics"]


@contextmanager
def _running(stack: Stack, *, fresh: bool) -> Iterator[None]:
    """The whole stack up, and down again at the end whatever happens."""
    if fresh:
        stack.down()
        shutil.rmtree(stack.places.data_dir, ignore_errors=True)
    try:
        stack.up()
        yield
    finally:
        stack.down()


if __name__ == "__main__":
    sys.exit(main())
