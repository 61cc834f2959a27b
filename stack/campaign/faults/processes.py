"""Processes of the application that are killed, frozen and started anew."""

import itertools
import signal
import time
from collections.abc import Sequence

import psycopg2

from stack.campaign.environment import INGESTS, Environment
from stack.campaign.faults.fault import Fault

WORKERS = ("worker-bids-0", "worker-bids-1")
# By what is hit: its processes, and as what PostgreSQL knows them if they are to be caught busy.
KINDS: dict[str, tuple[Sequence[str], str | None]] = {
    "gateway": (("gateway",), None),
    "ingest": (INGESTS, "bridge"),
    "relay": (("relay",), "bridge"),
    "broadcast": (("broadcast",), None),
    "save": (("save",), None),
    "worker": (WORKERS, "worker"),
    "beat": (("beat",), None),
}
KILLS = {"worker": 40, "ingest": 20}  # as many as are required, without the mixed runs'
KILLS_OF_OTHERS = 3
FROZEN_LONG_S, FROZEN_SHORT_S = 60.0, 5.0
FROZEN_LONG = ("ingest", "worker", "gateway")
CATCH_TRIES, CATCH_S = 60, 0.15
# Of a process that is frozen, a transaction stays open that was begun just before: those of the
# others are over long since.
CAUGHT = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = '{application}' AND state <> 'idle'
      AND xact_start BETWEEN to_timestamp({frozen_at}) - interval '0.2 s'
                         AND to_timestamp({frozen_at}) + interval '0.01 s'
"""


def process_faults() -> list[Fault]:
    """Every kind, each way."""
    faults = []
    for kind in KINDS:
        faults += [_killed(kind), _frozen(kind, FROZEN_SHORT_S), _restarted(kind)]
        if kind in FROZEN_LONG:
            faults.append(_frozen(kind, FROZEN_LONG_S))
    return faults


def _killed(kind: str) -> Fault:
    names, application = KINDS[kind]
    turns = itertools.cycle(names)

    def kill(environment: Environment) -> None:
        name = next(turns)
        if application and _catch_busy(environment, name, application):
            environment.busy_kills[kind] += 1
        environment.signal(name, signal.SIGKILL)

    times = KILLS.get(kind, KILLS_OF_OTHERS)
    return Fault(f"{kind}-kill", (kind,), inject=kill, times=times)


def _catch_busy(environment: Environment, name: str, application: str) -> bool:
    """Freeze a process in the middle of a transaction; False when it could not be caught there."""
    for _ in range(CATCH_TRIES):
        frozen_at = time.time()
        environment.signal(name, signal.SIGSTOP)
        time.sleep(CATCH_S)
        try:
            ((caught,),) = environment.sql(
                CAUGHT.format(application=application, frozen_at=frozen_at)
            )
        except psycopg2.Error:  # the database is being broken, too
            return False
        if caught:
            return True
        environment.signal(name, signal.SIGCONT)
        time.sleep(environment.rng.uniform(0.01, 0.05))
    return False


def _frozen(kind: str, hold_s: float) -> Fault:
    names, _ = KINDS[kind]
    turns = itertools.cycle(names)
    frozen: list[str] = []

    def freeze(environment: Environment) -> None:
        frozen[:] = [next(turns)]
        environment.signal(frozen[0], signal.SIGSTOP)

    return Fault(
        f"{kind}-stop-{hold_s:.0f}s",
        (kind,),
        inject=freeze,
        heal=lambda environment: environment.signal(frozen[0], signal.SIGCONT),
        hold_s=hold_s,
        mixed=hold_s < FROZEN_LONG_S,
    )


def _restarted(kind: str) -> Fault:
    names, _ = KINDS[kind]
    turns = itertools.cycle(names)

    def restart(environment: Environment) -> None:
        name = next(turns)
        environment.control.stop(name)
        environment.control.start(name, wait=False)

    return Fault(f"{kind}-restart", (kind,), inject=restart, times=len(names))
