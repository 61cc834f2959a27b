"""A primary and its standby: connecting to whichever of the two takes writes.

The URL names both, as libpq has it: `?host=a,b&port=5432,5432&target_session_attrs=read-write`.
libpq itself goes on to the next one only when it is refused, not when the connection ends before
an answer, as behind a proxy, and under gevent it waits for ever for a machine that is gone.
"""

from typing import Any

import psycopg2
from sqlalchemy import Engine, event


def try_hosts_in_turn(engine: Engine) -> None:
    """Let each connect of `engine` try every server of its URL, first that of the last connect.

    Each try is bounded as any connect is. Raise what the last of them raised when none succeeds.
    """
    last = 0

    def connect(
        dialect: Any,  # noqa: ANN401 - SQLAlchemy's own, as are all of these
        _record: Any,  # noqa: ANN401
        arguments: Any,  # noqa: ANN401
        named: dict[str, Any],
    ) -> Any:  # noqa: ANN401 - the driver's connection; None: SQLAlchemy connects
        nonlocal last
        hosts = _hosts(named)
        if len(hosts) < 2:
            return None
        for number in range(last, last + len(hosts)):
            tried = number % len(hosts)
            try:
                connection = dialect.connect(*arguments, **{**named, **hosts[tried]})
            except psycopg2.OperationalError:
                if number == last + len(hosts) - 1:
                    raise
            else:
                last = tried
                return connection
        return None

    event.listen(engine, "do_connect", connect)


def _hosts(named: dict[str, Any]) -> list[dict[str, str]]:
    hosts = str(named.get("host", "")).split(",")
    ports = str(named.get("port", "")).split(",")
    if len(ports) != len(hosts):  # one for all, or none
        ports = ports[:1] * len(hosts)
    return [{"host": host, "port": port} for host, port in zip(hosts, ports, strict=True)]
