"""`python -m stack.bench`: start the profile `bench`, measure, write the report."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from stack.bench.again import better, missed, notes, scenarios_again, steps_again
from stack.bench.application import Application
from stack.bench.comparison import compare, read_baseline, steps_of, write_baseline
from stack.bench.flame import Flame
from stack.bench.floors import figures_of
from stack.bench.options import AUCTIONS, RATE, RATES, SKETCHED_AUCTIONS, STEPS, parse
from stack.bench.report import REPORTS_DIR, Report, conditions, figures_in, merged, write_report
from stack.bench.scenarios import SCENARIOS, Result, Scale
from stack.bench.scraping import render_ratios
from stack.bench.sketch import Sketch, ratio_held, sketch_built, sketch_dir
from stack.bench.steps import Steps, in_turns, measured
from stack.bench.stored import Growth, growth_of, render_growth, send_chat
from stack.bench.storm import Load
from stack.builds import go_program
from stack.faults import StackFault
from stack.lifecycle import alone, stop_at_sigterm
from stack.progress import shown
from stack.runtime import Stack

PROFILE = "bench"
FEW_SOCKETS, FEW_SOCKETS_RATE = 100, 1_500.0  # 20 frames/s a socket are allowed


@dataclass(slots=True)
class Run:
    """What a run has found so far."""

    steps: Steps = field(default_factory=Steps)
    report: Report = field(default_factory=Report)
    growths: list[Growth] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when no bid of the first step failed, 1 when some did, 2 when nothing was run."""
    options = parse(arguments)
    stack = Stack.of(PROFILE, step=shown)
    stop_at_sigterm()
    try:
        if options.sketch:
            sketch_dir()  # before minutes of starting
        earlier = figures_in(options.add_to) if options.add_to else {}
        with alone(stack):
            run = _run(stack, options)
    except StackFault as fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 2
    _write(run, options, earlier)
    steps = run.report.steps
    return 1 if steps and steps[0].failures else 0


def _write(run: Run, options: argparse.Namespace, earlier: dict[str, float]) -> None:
    steps, report = run.steps, run.report
    own = {
        **figures_of(steps.measured),
        **ratio_held(steps.measured, steps.sketched),
        **report.figures,
    }
    report.figures = merged(earlier, own)
    report.sketched = steps.sketched
    report.has_floors = bool(options.scenario)
    now = steps_of(report.steps)
    report.comparison = compare(now, read_baseline())
    if options.keep_baseline:
        write_baseline(now, conditions())
    file, table = write_report(report, now=datetime.now(UTC))
    print(f"\n{table}\n{file}")
    if options.scrapers:
        print(f"\n{render_ratios(report.steps[::2], report.steps[1::2])}")
    if run.growths:
        print(f"\n{render_growth(run.growths)}")


def _run(stack: Stack, options: argparse.Namespace) -> Run:
    executable = go_program("storm").ensure()
    flame = Flame(options.flame, REPORTS_DIR) if options.flame else None
    run = Run()
    with _running(stack, fresh=options.fresh):
        application = Application.of(stack, executable)
        if options.warm_up:
            # Kafka's virtual machine compiles while it is young: ten times the CPU of later bids.
            with shown(f"warm up for {options.warm_up:.0f} s"):
                application.measure(replace(_load(options), seconds=options.warm_up))
        application = replace(application, flame=flame)
        with sketch_built(stack) if options.sketch else nullcontext() as sketch:
            if options.scenario:
                _scenarios(run, application, options, sketch)
            else:
                _own_steps(run, application, options, sketch)
    return run


def _own_steps(
    run: Run, application: Application, options: argparse.Namespace, sketch: Sketch | None
) -> None:
    """The steps that the options describe."""

    def storms() -> int:
        run.steps.climb(application, loads(options), sketch)
        return sum(int(step.storm["bids"]["decided"]) for step in run.steps.measured)

    if options.bytes:
        stack = application.stack
        run.growths.append(growth_of(stack, "decided bids", storms))
        run.growths.append(growth_of(stack, "chat messages", lambda: send_chat(stack)))
    else:
        storms()
    run.report.steps.extend(run.steps.measured)


def loads(options: argparse.Namespace) -> list[Load]:
    """What is offered, step by step."""
    first = _load(options)
    if options.scrapers:
        return in_turns(first, scrapers=options.scrapers, rounds=options.rounds)
    return [replace(first, rate=rate) for rate in options.steps or (first.rate,)]


def _load(options: argparse.Namespace) -> Load:
    return Load(
        rate=options.rate or RATE,
        seconds=options.seconds,
        sockets=options.sockets,
        auctions=options.auctions or 1,
        mode=options.mode,
        subscribe=options.subscribe,
    )


def _scenarios(
    run: Run, application: Application, options: argparse.Namespace, sketch: Sketch | None
) -> None:
    """The whole run, or what was named of it."""
    for name in options.scenario:
        if name == STEPS:
            _all_steps(run, application, options, sketch)
            run.report.steps.extend(run.steps.measured)
            continue
        run.report.figures.update(_scenario(name, run, application, options).figures)
    if options.share == 1:
        _again(run, application, options)
    else:
        run.report.notes.append(f"a trial at {options.share:g} of the size: no figures to keep")
    if "overload" in options.scenario:
        run.report.notes.append(f"audit: {_audit(application.stack)}")


def _scenario(name: str, run: Run, application: Application, options: argparse.Namespace) -> Result:
    held = (options.rate,) if options.rate else run.steps.held() or (RATE,)
    scale = Scale(seconds=options.seconds, share=options.share, held=held)
    with shown(name):
        result = SCENARIOS[name](application, scale)
    run.report.steps.extend(result.steps)
    run.report.notes.extend(result.notes)
    return result


def _again(run: Run, application: Application, options: argparse.Namespace) -> None:
    """Measure a second time what missed its floor. The sketch has no second time, and so what is
    held beside it has none."""
    report = run.report
    first = {**figures_of(run.steps.measured), **report.figures}
    floors = missed(first)
    steps = [
        measured(application, replace(_load(options), rate=rate, auctions=auctions))
        for auctions, rate in steps_again(floors, _rates(options))
    ]
    report.steps.extend(steps)
    second = figures_of(steps)
    report.figures.update(figures_of([*run.steps.measured, *steps]))
    for name in scenarios_again(floors, options.scenario):
        figures = _scenario(name, run, application, options).figures
        report.figures.update(better({figure: first[figure] for figure in figures}, figures))
        second.update(figures)
    report.notes.extend(notes(floors, first, second))


def _rates(options: argparse.Namespace) -> Sequence[float]:
    """The rates of the steps."""
    return options.steps or ((options.rate,) if options.rate else RATES)


def _all_steps(
    run: Run, application: Application, options: argparse.Namespace, sketch: Sketch | None
) -> None:
    first = _load(options)
    for auctions in (options.auctions,) if options.auctions else AUCTIONS:
        climb = [replace(first, rate=rate, auctions=auctions) for rate in _rates(options)]
        is_sketched = bool(options.auctions) or auctions in SKETCHED_AUCTIONS
        run.steps.climb(application, climb, sketch if is_sketched else None)
    if not options.auctions:
        few = replace(first, rate=FEW_SOCKETS_RATE, sockets=FEW_SOCKETS)
        with shown(f"storm of {few.rate:,.0f} bids/s by {few.sockets} sockets"):
            run.report.steps.append(application.measure(few))


def _audit(stack: Stack) -> str:
    try:
        stack.run_once("audit", "python", "-m", "bridge", "audit")
    except StackFault as fault:
        return str(fault)
    return "clean"


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
