"""`python -m stack.campaign`: break everything once, then at random, and write docs/faults.md."""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stack.campaign import report
from stack.campaign.environment import Environment
from stack.campaign.faults.catalogue import all_faults
from stack.campaign.judge import BETWEEN_ROUNDS_FILE, Conditions
from stack.campaign.load import BIDS_PER_S, Load
from stack.campaign.memory import Memory
from stack.campaign.result_store import ResultStore, directory_of
from stack.campaign.results import Result
from stack.campaign.rounds import Rounds
from stack.commands import commit
from stack.faults import StackFault, UsageFault
from stack.lifecycle import alone, stop_at_sigterm
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import campaign_profile

MINUTES = 10.0
MIXED = ("mixed-1", "mixed-2")
# An audit judges auctions whole, so it takes the longer the longer they have been bid on.
ROUNDS_PER_ENVIRONMENT = 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when everything held, 1 when something did not, 2 when nothing could be run."""
    options = _parser().parse_args(arguments)
    try:
        profile = campaign_profile(options.brokers)
    except UsageFault as fault:
        print(f"campaign: {fault}", file=sys.stderr)
        return 2
    stack = Stack.of(profile, step=shown)
    names = [fault.name for fault in all_faults(stack.settings)]
    if stack.settings.brokers == 1:  # of several, more than one may not be lost at a time
        names += MIXED
    unknown = [name for name in options.only if name not in names]
    if unknown:
        print(f"campaign: no fault {unknown[0]}: choose of {', '.join(names)}", file=sys.stderr)
        return 2
    directory = options.store or directory_of(profile)
    store = (ResultStore.fresh if options.fresh else ResultStore)(directory)
    stop_at_sigterm()
    wanted = Conditions(store, store.seed(options.seed), commit(), options.minutes, options.rate)
    campaign = Campaign(stack, wanted)
    try:
        with alone(stack):
            results = campaign.run(options.only or names)
    except StackFault as fault:
        print(f"campaign: {fault}", file=sys.stderr)
        return 2
    return _conclude(stack, results, complete=not options.only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument(
        "--only", type=_names, default=[], metavar="NAME,NAME,…", help="these alone, no document"
    )
    parser.add_argument("--seed", type=int, help="of all chance; as at the last start if not given")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="length of a mixed run")
    parser.add_argument("--rate", type=float, default=BIDS_PER_S, help="bids per second")
    parser.add_argument("--brokers", default="1", help="of Kafka; 3: with a standby of PostgreSQL")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier start found")
    parser.add_argument("--store", type=Path, metavar="DIRECTORY", help="where that is kept")
    return parser


def _names(text: str) -> list[str]:
    return text.split(",")


class Campaign:
    """Runs what is wanted; what an earlier start found good is not run again."""

    def __init__(self, stack: Stack, conditions: Conditions) -> None:
        self._stack, self._conditions = stack, conditions

    def run(self, names: Sequence[str]) -> list[Result]:
        """The results, in the order of `names`."""
        print(f"seed {self._conditions.seed}, commit {self._conditions.commit}", flush=True)
        results = {name: found for name in names if (found := self._load_good(name))}
        for result in results.values():
            print(f"{report.line(result)} (kept, of {result.commit})", flush=True)
        waiting = [name for name in names if name not in results]
        while waiting:
            for result in self._run_in_new_environment(waiting):
                results[result.name] = result
                waiting.remove(result.name)
        return [results[name] for name in names]

    def _run_in_new_environment(self, names: Sequence[str]) -> list[Result]:
        """Run some, or until one does not hold, which might spoil the next; a mixed run alone."""
        single = [name for name in names if name not in MIXED]
        run = names[:1] if names[0] in MIXED else single[:ROUNDS_PER_ENVIRONMENT]
        seed = self._seed_of(names[0])
        results = []
        with self._rounds(seed) as rounds:
            for name in run:
                results.append(self._round(rounds, name))
                if not results[-1].held:
                    break
        return results

    def _round(self, rounds: Rounds, name: str) -> Result:
        faults = {fault.name: fault for fault in all_faults(self._stack.settings)}
        result = (
            rounds.mixed(name, list(faults.values()))
            if name in MIXED
            else rounds.alone(faults[name])
        )
        self._conditions.store.save(result)
        print(report.line(result), flush=True)
        for complaint in report.complaints(result) if not result.held else ():
            print(f"      {complaint}", flush=True)
        return result

    @contextmanager
    def _rounds(self, seed: int) -> Iterator[Rounds]:
        rng = random.Random(seed)
        conditions = replace(self._conditions, seed=seed)
        between = conditions.store.journals / BETWEEN_ROUNDS_FILE
        with Environment.open(self._stack, rng) as environment:
            memory = Memory(environment)
            memory.start()
            try:
                with Load.open(environment, between, rng, bids_per_s=conditions.bids_per_s) as load:
                    yield Rounds(environment, load, memory, conditions)
            finally:
                memory.stop()
                memory.join()

    def _load_good(self, name: str) -> Result | None:
        conditions = self._conditions
        return conditions.store.load_good(
            name,
            seed=self._seed_of(name),
            minutes=conditions.minutes,
            bids_per_s=conditions.bids_per_s,
        )

    def _seed_of(self, name: str) -> int:
        """Mixed runs have seeds of their own."""
        return self._conditions.seed + (1 + MIXED.index(name) if name in MIXED else 0)


def _conclude(stack: Stack, results: Sequence[Result], *, complete: bool) -> int:
    print(f"\n{report.table(results)}", flush=True)
    kills, wanted = report.busy_kills(results), report.kills_min(stack.settings)
    enough = all(kills[kind] >= least for kind, least in wanted.items())
    print(f"\nkilled while busy: {dict(kills)}", flush=True)
    if complete:
        report.write_document(results, stack.settings)
        print(f"written: {report.DOCUMENT}")
    held = all(result.held for result in results)
    return 0 if held and (enough or not complete) else 1


if __name__ == "__main__":
    sys.exit(main())
