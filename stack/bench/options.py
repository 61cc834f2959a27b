"""The command line of the benchmark."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from stack.bench.flame import PROCESSES
from stack.bench.scenarios import SCENARIOS

STEPS = "steps"
NAMES = (STEPS, *SCENARIOS)
ALL = "all"
# Steps of the whole run: their rates, until one is not carried, on so many auctions. One lies a
# little above each floor, which is of what is decided: at its end a step has bids under way.
RATES = (1_000.0, 2_000.0, 2_600.0, 3_000.0, 3_600.0, 4_100.0, 5_000.0, 6_000.0, 7_000.0, 8_000.0)
AUCTIONS = (1, 10, 100)
# The sketch repeats the steps on so many; all of them would take ten minutes more.
SKETCHED_AUCTIONS = (1, 10)
RATE = 2_000.0  # of a run with options and without a rate
SECONDS, QUICK_SECONDS = 60.0, 20.0
# Whoever sets one of these wants steps of their own, and nothing else of the whole run.
QUICK = ("rate", "steps", "auctions", "mode", "subscribe", "scrapers", "bytes")


def parser() -> argparse.ArgumentParser:
    """The options of the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m stack.bench",
        description="Without options everything is measured, for 45 minutes, with --sketch 65; "
        "what missed its floor is measured a second time. With one of --rate, --steps, "
        "--auctions, --mode, --no-subscribe, --scrapers and --bytes only the steps that these "
        "describe.",
    )
    parser.add_argument(
        "--scenario",
        type=_scenarios,
        default=(),
        metavar="NAME,NAME,…",
        help=f"these alone of the whole run: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        help="of the sockets, bids and auctions of scenarios but steps: 0.05 to try them",
    )
    parser.add_argument("--rate", type=float, help="bids offered per second; 2,000")
    parser.add_argument(
        "--steps",
        type=_rates,
        default=(),
        metavar="RATE,RATE,…",
        help="instead of --rate: one after another, until one is not carried",
    )
    parser.add_argument("--seconds", type=float, help="length of a step; 60, with --rate 20")
    parser.add_argument("--warm-up", type=float, default=20, help="seconds before, not measured")
    parser.add_argument("--sockets", type=int, default=1_000, help="users, one socket each")
    parser.add_argument("--auctions", type=int, help="auctions the users are spread over; 1")
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
        "--sketch", action="store_true", help="after each step the same step of the sketch"
    )
    parser.add_argument(
        "--flame", choices=PROCESSES, help="leave a flame graph of this process for each step"
    )
    parser.add_argument(
        "--add-to",
        type=Path,
        metavar="FILE.json",
        help="the table has the figures of this report, too, where this run has none",
    )
    parser.add_argument(
        "--keep-baseline", action="store_true", help="keep the steps as the new baseline"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="forget the data of earlier runs first"
    )
    return parser


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, with what is wanted in `scenario`: empty for steps of the caller's own."""
    own = parser()
    options = own.parse_args(arguments)
    is_quick = any(getattr(options, name) != own.get_default(name) for name in QUICK)
    if not options.scenario and not is_quick:
        options.scenario = NAMES
    if options.seconds is None:
        options.seconds = SECONDS if options.scenario else QUICK_SECONDS
    return options


def _rates(text: str) -> tuple[float, ...]:
    return tuple(float(rate) for rate in text.split(","))


def _scenarios(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if names == (ALL,):
        return NAMES
    if unknown := [name for name in names if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"no scenario {unknown[0]}: {ALL}, {', '.join(NAMES)}")
    return names
