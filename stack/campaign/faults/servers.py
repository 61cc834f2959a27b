"""Servers that die, stall, forget, refuse or run out of room."""

import signal
from collections.abc import Callable

from stack.campaign.environment import Environment
from stack.campaign.faults.fault import Action, Fault

STALLED_S = 30.0
REFUSED_S = 10.0
FULL_S = 15.0
OUT_OF_MEMORY_S = 8.0
# Ends the first connection that is found waiting for its commit; fails when there is none for long.
CUT_A_COMMIT = """
DO $$
DECLARE
  victim integer;
  ends timestamptz := clock_timestamp() + interval '20 s';
BEGIN
  LOOP
    PERFORM pg_stat_clear_snapshot();
    SELECT pid INTO victim FROM pg_stat_activity
    WHERE application_name IN ('worker', 'bridge') AND state = 'active' AND query = 'COMMIT'
    LIMIT 1;
    EXIT WHEN victim IS NOT NULL AND pg_terminate_backend(victim);
    IF clock_timestamp() > ends THEN
      RAISE EXCEPTION 'no commit was seen in 20 s';
    END IF;
    PERFORM pg_sleep(0.0003);
  END LOOP;
END $$
"""
TERMINATE_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = 'auction' AND pid <> pg_backend_pid()
"""


def server_faults() -> list[Fault]:
    """Those of each server."""
    return [
        _killed("redis"),
        _restarted("redis"),
        Fault("redis-flushall", ("redis",), inject=_flush_redis, times=3),
        _out_of_memory(),
        _killed("postgresql", "postgresql-immediate-stop", signal.SIGQUIT),
        Fault(
            "postgresql-commit-cut",
            ("postgresql",),
            inject=_cut_a_commit,
            times=6,
        ),
        _connections_refused(),
        Fault(
            "disk-full",
            ("postgresql",),
            inject=lambda environment: environment.disk.fill(),
            heal=_free_disk,
            hold_s=FULL_S,
        ),
        *(
            make(server)
            for server in ("kafka", "mongodb")
            for make in (_killed, _stalled, _restarted)
        ),
    ]


def _flush_redis(environment: Environment) -> None:
    environment.redis().flushall()


def _cut_a_commit(environment: Environment) -> None:
    environment.sql(CUT_A_COMMIT)


def _killed(
    server: str, name: str = "", number: signal.Signals = signal.SIGKILL, times: int = 2
) -> Fault:
    killed: list[int] = []

    def kill(environment: Environment) -> None:
        killed[:] = [environment.control.kill(server, number)]

    def wait_back(environment: Environment) -> None:
        environment.control.wait_for(
            lambda: environment.control.pid(server) not in (0, *killed), name=server
        )
        _wait_ready(server)(environment)

    return Fault(name or f"{server}-kill", (server,), inject=kill, heal=wait_back, times=times)


def _restarted(server: str) -> Fault:
    def stop(environment: Environment) -> None:
        environment.control.stop(server)

    def start(environment: Environment) -> None:
        environment.control.start(server, wait=False)
        _wait_ready(server)(environment)

    return Fault(f"{server}-restart", (server,), inject=stop, heal=start)


def _stalled(server: str) -> Fault:
    return Fault(
        f"{server}-stop-{STALLED_S:.0f}s",
        (server,),
        inject=lambda environment: environment.signal(server, signal.SIGSTOP),
        heal=lambda environment: environment.signal(server, signal.SIGCONT),
        hold_s=STALLED_S,
    )


def _out_of_memory() -> Fault:
    def limit_memory(environment: Environment) -> None:
        environment.redis().config_set("maxmemory", 1)

    def restore_memory(environment: Environment) -> None:
        environment.redis().config_set(
            "maxmemory", f"{environment.settings.sizes.redis_memory_mb}mb"
        )

    return Fault(
        "redis-out-of-memory",
        ("redis",),
        inject=limit_memory,
        heal=restore_memory,
        hold_s=OUT_OF_MEMORY_S,
    )


def _connections_refused() -> Fault:
    def allow(word: str) -> Callable[[Environment], None]:
        def change(environment: Environment) -> None:
            environment.sql(f"ALTER DATABASE auction WITH ALLOW_CONNECTIONS {word}", "postgres")
            if word == "false":
                environment.sql(TERMINATE_ALL, "postgres")

        return change

    return Fault(
        "postgresql-refuses",
        ("postgresql",),
        inject=allow("false"),
        heal=allow("true"),
        hold_s=REFUSED_S,
    )


def _free_disk(environment: Environment) -> None:
    environment.disk.free()
    _wait_ready("postgresql")(environment)


def _wait_ready(server: str) -> Action:
    def wait(environment: Environment) -> None:
        environment.control.wait_for(environment.servers()[server].is_ready, name=server)

    return wait
