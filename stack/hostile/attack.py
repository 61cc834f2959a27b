"""A process that abuses a gateway: `python -m stack.hostile.attack NAME,NAME TARGET SLOWNESS`.

It must cost little, because it shares the machine with what it attacks: one loop, sockets that
never block, a bounded rate for each client; what a socket does not take is sent later, and of what
the gateway answers only the kind is kept. A client whose connection ends dials again a second
later. On a machine so many times slower than a free one everything is done so many times less
often. `attacking` is printed when every client has been let in or refused, at the latest after
OPENING_S; the attack ends with stdin, and then a Report of each abuse is printed.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from subprocess import PIPE, Popen

from stack.faults import StackFault
from stack.hostile.abuses import ABUSES, Abuse, Target
from stack.hostile.answers import Answers
from stack.hostile.intrusions import INTRUSIONS
from stack.places import CHECKOUT

ALL_ABUSES = {**ABUSES, **INTRUSIONS}

ROUND_S = 0.02  # between two polls of the clients
RECONNECT_S = 1.0
OPENING_S = 5.0  # of a free machine
READ_BYTES = 256 * 1024
CHUNKS_PER_ROUND = 4  # read from one client: an answer may be larger than its request
HEADERS_END = b"\r\n\r\n"


@dataclass(slots=True)
class Report:
    """What was done: connections made, and ended by the gateway, requests or frames sent.

    `answers` counts what the gateway said, by kind; `cpu_s` is that of the whole process.
    """

    connections: int = 0
    ended: int = 0
    bursts: int = 0
    cpu_s: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)


class Client:
    """One connection of one address, dialled again when it ends."""

    def __init__(
        self, abuse: Abuse, number: int, *, network: int, port: int, slower: float, report: Report
    ) -> None:
        """`network` is that of the abuse alone: no abuse uses up what an address of another may."""
        self._abuse, self._report, self._port = abuse, report, port
        self._answers = Answers(report.answers)
        self._period_s, self._reconnect_s = slower / abuse.per_s, slower * RECONNECT_S
        host = number % abuse.addresses
        self._address = f"127.{network}.{1 + host // 250}.{1 + host % 250}"
        self._connect_at = time.monotonic()
        self._due_at = self._connect_at + number / abuse.clients * self._period_s  # not all at once
        openings = abuse.after_opening
        self._after_opening = openings[number % len(openings)] if openings else b""
        self.sock: socket.socket | None = None
        self._is_open, self._pending, self._count = False, b"", 0

    def connect(self) -> socket.socket:
        """Connect from the own address."""
        self.sock = socket.create_connection(
            ("127.0.0.1", self._port), timeout=self._reconnect_s, source_address=(self._address, 0)
        )
        self.sock.settimeout(0)
        self._report.connections += 1
        self._count, self._pending = 0, self._abuse.opening
        self._is_open = not self._after_opening
        return self.sock

    def read(self) -> None:
        """Count what came. Raises OSError when the connection has ended."""
        for _ in range(CHUNKS_PER_ROUND):
            try:
                data = self._connected.recv(READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                raise OSError("closed by the gateway")
            self._answers.feed(data)
            if not self._is_open and HEADERS_END in data:
                self._is_open, self._pending = True, self._pending + self._after_opening

    def send(self, now: float) -> None:
        """Send what waits, or what is due. Raises OSError when the connection has ended."""
        if not self._pending and self._is_open and now >= self._due_at:
            self._pending = self._abuse.burst(self._count)
            self._count += 1
            self._due_at = max(self._due_at + self._period_s, now - ROUND_S)
            self._report.bursts += 1
        try:
            while self._pending:
                self._pending = self._pending[self._connected.send(self._pending) :]
        except BlockingIOError:
            return

    def close(self, now: float) -> None:
        """The connection has ended."""
        self._connected.close()
        self._answers.end()
        self.sock, self._connect_at, self._is_open = None, now + self._reconnect_s, True
        self._report.ended += 1

    def is_due_to_connect(self, now: float) -> bool:
        """Whether it has no connection, and has waited long enough for the first or another."""
        return self.sock is None and now >= self._connect_at

    @property
    def has_begun(self) -> bool:
        """Whether it was let in, or its first connection has ended."""
        return self._is_open

    @property
    def _connected(self) -> socket.socket:
        assert self.sock is not None  # noqa: S101 - those who call have a connection
        return self.sock


def run(abuses: Mapping[str, Abuse], target: Target, slower: float) -> dict[str, Report]:
    """Abuse the target until stdin ends."""
    reports = {name: Report() for name in abuses}
    clients = [
        Client(
            abuse,
            number,
            network=network,
            port=abuse.port(target),
            slower=slower,
            report=reports[name],
        )
        for network, (name, abuse) in enumerate(abuses.items(), start=1)
        for number in range(abuse.clients)
    ]
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        ends_opening_at = time.monotonic() + OPENING_S * slower
        is_announced = False
        while True:
            time.sleep(ROUND_S)
            is_over = time.monotonic() > ends_opening_at or all(c.has_begun for c in clients)
            if is_over and not is_announced:
                is_announced = True
                print("attacking", flush=True)
            ready = selector.select(0)
            if any(key.fileobj is sys.stdin for key, _ in ready):
                break
            for key, _ in ready:
                attempt(key.data, selector, read=True)
            for client in clients:
                attempt(client, selector, read=False)
            connect_all(clients, selector)
    for report in reports.values():
        report.cpu_s = time.process_time()
    return reports


def attempt(client: Client, selector: selectors.BaseSelector, *, read: bool) -> None:
    """Let a client read or send; one whose connection ends is no longer selected."""
    if client.sock is None:
        return
    try:
        if read:
            client.read()
        else:
            client.send(time.monotonic())
    except OSError:
        selector.unregister(client.sock)
        client.close(time.monotonic())


def connect_all(clients: list[Client], selector: selectors.BaseSelector) -> None:
    """Connect every client that is not; one that is refused tries again later."""
    for client in clients:
        if client.is_due_to_connect(time.monotonic()):
            try:
                selector.register(client.connect(), selectors.EVENT_READ, client)
            except OSError:
                client.sock = None


@contextmanager
def attack(
    names: Sequence[str], target: Target, reports: list[dict[str, Report]], *, slower: float
) -> Iterator[None]:
    """The abuses go on until this is left; then their reports are added to `reports`."""
    target_json = json.dumps(asdict(target))
    command = [
        sys.executable,
        "-m",
        "stack.hostile.attack",
        ",".join(names),
        target_json,
        str(slower),
    ]
    with Popen(command, cwd=CHECKOUT, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101
        if process.stdout.readline() != "attacking\n":
            raise StackFault("the abusers could not begin")
        try:
            yield
        finally:
            process.stdin.close()
            found = json.loads(process.stdout.read())
            reports.append({name: Report(**report) for name, report in found.items()})


def main(names: str, target_json: str, slower: str) -> None:
    """Abuse, and print the reports."""
    target = Target(**json.loads(target_json))
    abuses = {name: ALL_ABUSES[name](target) for name in names.split(",")}
    reports = run(abuses, target, float(slower))
    print(json.dumps({name: asdict(report) for name, report in reports.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
