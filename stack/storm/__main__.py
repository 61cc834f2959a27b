"""`python -m stack.storm --profile NAME [SCRIPT]`: run a script, print its table, then audit."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.bench.measurement import Measurement, Run, measure_run
from stack.bench.storm import USERS_FILE, Load, prepare_run
from stack.bench.table import render_costs
from stack.boards.query import PrometheusClient
from stack.builds import go_program
from stack.faults import StackFault
from stack.lifecycle import PROMETHEUS
from stack.places import CHECKOUT
from stack.progress import shown
from stack.runtime import Stack
from stack.storm import agreement
from stack.storm.drivers import Driver, GeneratorDriver, ScriptDriver
from stack.storm.script import BIDDING, Script, read_script, runner_command
from stack.storm.table import render
from stack.storm.target import Target, read_target
from stack.storm.window import WINDOW_FILE, WORK_DIR, Window, remember

PREPARED, SUMMARY, USERS_ELSEWHERE = "prepared.json", "summary.json", "users.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when everything held, 1 when a threshold or an invariant did not, 2 if not run."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--profile", required=True)
    options, wanted = parser.parse_known_args(arguments)
    stack = Stack.of(options.profile, step=shown)
    try:
        target = read_target(wanted, own_url=stack.addresses()["BASE_URL"])
        run = StormRun(stack, target)
        if target.only_prepare:
            run.prepare()
            print(f"\n{run.advice()}")
            return 0
        driver = run.driver()
        with shown(f"{target.script.stem} by {driver.name}"):
            result = _drive(driver, run)
    except StackFault as fault:
        print(f"storm: {fault}", file=sys.stderr)
        return 2
    _print(run.script, result, driver)
    return _verdict(driver, result, run)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gave; `rows` and `measured` of this checkout's own stack alone.

    `rows` is None where no Prometheus runs, or the script does not bid.
    """

    report: dict[str, Any]
    measured: Measurement | None = None
    rows: list[agreement.Row] | None = None


class StormRun:
    """One script on one house, with the tools that are here. Raises StackFault as it is made."""

    def __init__(self, stack: Stack, target: Target) -> None:
        WORK_DIR.mkdir(parents=True, exist_ok=True)
        self.stack, self.target = stack, target
        self.script = read_script(target.script)
        self.generator = go_program("storm").ensure()

    @property
    def load(self) -> Load:
        """What the script offers, for the load generator and for the reports."""
        bids = self.script.transport in BIDDING
        return Load(
            rate=0,
            seconds=0,
            sockets=self.script.users,
            auctions=self.script.auctions,
            mode=self.script.transport,
            subscribe=True,
            stages=self.script.stages if bids else "",
        )

    def driver(self) -> Driver:
        """k6 when it is on PATH, else the load generator, else the runner."""
        k6, file = shutil.which("k6"), self.script.file
        if k6:
            return self._script_driver(k6, (k6, "run", str(file)))
        if self.target.url.startswith("https"):
            raise StackFault("without k6 on PATH only http:// can be driven")
        if self.script.transport in BIDDING:
            return GeneratorDriver(
                script=self.script,
                target=self.target,
                load=self.load,
                executable=self.generator,
                users_file=self._users_file,
                crossed=[],
            )
        return self._script_driver(
            "the runner of the tests (k6/runner, Node)", runner_command("run", file)
        )

    def prepare(self) -> None:
        """Sign the users in and open the auctions, for k6 or the runner."""
        with shown(f"sign in {self.script.users:,} users"):
            prepare_run(
                self.generator,
                url=self.target.url,
                users=self.script.users,
                auctions=self.script.auctions,
                users_file=self._users_file,
                target=WORK_DIR / PREPARED,
            )

    def advice(self) -> str:
        """How to run the script on what was prepared, within the life of its tokens."""
        file = self.script.file.relative_to(CHECKOUT)
        return (
            "Within nine minutes:\n"
            f"  BASE_URL={self.target.url} USERS={WORK_DIR / PREPARED} k6 run {file}"
        )

    @property
    def _users_file(self) -> Path:
        """Accounts are good only for the database they are in."""
        own = self.stack.places.data_dir / USERS_FILE
        return own if self.target.is_own else WORK_DIR / USERS_ELSEWHERE

    def _script_driver(self, name: str, command: tuple[str, ...]) -> Driver:
        self.prepare()
        environment = {
            "BASE_URL": self.target.url,
            "WS_URL": self.target.ws_url,
            "USERS": str(WORK_DIR / PREPARED),
            "SUMMARY": str(WORK_DIR / SUMMARY),
        }
        steady_s = self.script.steady_s
        return ScriptDriver(name, command, environment, WORK_DIR / SUMMARY, steady_s, crossed=[])


def _drive(driver: Driver, run: StormRun) -> Result:
    if not run.target.is_own:
        return Result(driver.run(lambda _: None))
    prometheus = _prometheus(run)
    before = agreement.read_counts(prometheus, run.script.transport) if prometheus else {}
    phases: dict[str, float] = {}
    measured = measure_run(run.stack, run.load, _timed(driver, phases))
    window = Window(run.script.file.stem, driver.name, phases["storm"], phases["done"])
    remember(window, WINDOW_FILE)
    report = dict(measured.storm)
    if prometheus is None:
        return Result(report, measured)
    after = agreement.read_counts(prometheus, run.script.transport)
    return Result(report, measured, agreement.rows_of(report, before, after))


def _timed(driver: Driver, phases: dict[str, float]) -> Run:
    """The driver's run, which notes when each phase began, in seconds since 1970."""

    def run(on_phase: Callable[[str], None]) -> dict[str, Any]:
        def note(phase: str) -> None:
            phases[phase] = time.time()
            on_phase(phase)

        return driver.run(note)

    return run


def _prometheus(run: StormRun) -> PrometheusClient | None:
    """The one of this stack, when it runs and the script bids."""
    if run.script.transport not in BIDDING or not run.stack.control.runs(PROMETHEUS):
        return None
    return PrometheusClient(run.stack.addresses()["PROMETHEUS_URL"])


def _print(script: Script, result: Result, driver: Driver) -> None:
    if script.transport in BIDDING:
        print(f"\n{render(result.report, result.measured)}")
        if result.measured:
            print(f"\n{render_costs(result.measured)}")
        if result.rows is not None:
            print(f"\n{agreement.render(result.rows)}")
    print(f"\n{script.file.stem} was driven by {driver.name}.")
    for threshold in driver.crossed:
        print(f"crossed: {threshold}")
    for line in agreement.disagreements(result.rows or []):
        print(line)


def _verdict(driver: Driver, result: Result, run: StormRun) -> int:
    failed = 1 if driver.crossed or agreement.disagreements(result.rows or []) else 0
    if not run.target.is_own:
        print(f"audit: not run, {run.target.url} is not this checkout's stack")
        return failed
    audited = run.stack.run("python", "-m", "bridge", "audit").returncode
    return max(failed, min(1, audited))


if __name__ == "__main__":
    sys.exit(main())
