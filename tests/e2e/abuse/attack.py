"""A process that abuses a gateway: `python -m tests.e2e.abuse.attack NAME TARGET SLOWNESS`.

It must cost little, because it shares the machine with what it attacks: one loop, sockets that
never block, a bounded rate for each client; what a socket does not take is sent later, and what
the gateway answers is read and thrown away. A client whose connection ends dials again a second
later. On a machine so many times slower than a free one everything is done so many times less
often. `attacking` is printed when every client has been let in or refused, at the latest after
OPENING_S; the attack ends with stdin, and then a Report is printed.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from subprocess import PIPE, Popen

from tests.e2e.abuse.abuses import ABUSES, Abuse, Target

ROUND_S = 0.02  # between two looks at the clients
REDIAL_S = 1.0
OPENING_S = 5.0  # of a free machine
READ_BYTES = 256 * 1024
CHUNKS_PER_ROUND = 4  # read from one client: an answer may be larger than its request
HEADERS_END = b"\r\n\r\n"


@dataclass(slots=True)
class Report:
    """What was done: connections made, ended by the gateway, requests or frames sent, CPU used."""

    dialled: int = 0
    ended: int = 0
    bursts: int = 0
    cpu_s: float = 0.0


class Client:
    """One connection of one address, dialled again when it ends."""

    def __init__(self, abuse: Abuse, number: int, slower: float, report: Report) -> None:
        self._abuse, self._report = abuse, report
        self._period_s, self._redial_s = slower / abuse.per_s, slower * REDIAL_S
        host = number % abuse.addresses
        self._address = f"127.0.{1 + host // 250}.{1 + host % 250}"
        self._dial_at = time.monotonic()
        self._due_at = self._dial_at + number / abuse.clients * self._period_s  # not all at once
        openings = abuse.after_opening
        self._after_opening = openings[number % len(openings)] if openings else b""
        self.sock: socket.socket | None = None
        self._is_open, self._pending, self._count = False, b"", 0

    def dial(self, port: int) -> socket.socket:
        """Connect from the own address."""
        self.sock = socket.create_connection(
            ("127.0.0.1", port), timeout=self._redial_s, source_address=(self._address, 0)
        )
        self.sock.settimeout(0)
        self._report.dialled += 1
        self._count, self._pending = 0, self._abuse.opening
        self._is_open = not self._after_opening
        return self.sock

    def read(self) -> None:
        """Throw away what came. Raises OSError when the connection has ended."""
        for _ in range(CHUNKS_PER_ROUND):
            try:
                came = self._connected.recv(READ_BYTES)
            except BlockingIOError:
                return
            if not came:
                raise OSError("closed by the gateway")
            if not self._is_open and HEADERS_END in came:
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

    def lose(self, now: float) -> None:
        """The connection has ended."""
        self._connected.close()
        self.sock, self._dial_at, self._is_open = None, now + self._redial_s, True
        self._report.ended += 1

    def is_to_dial(self, now: float) -> bool:
        """Whether it has no connection, and has waited long enough for the first or another."""
        return self.sock is None and now >= self._dial_at

    @property
    def has_begun(self) -> bool:
        """Whether it was let in, or its first connection has ended."""
        return self._is_open

    @property
    def _connected(self) -> socket.socket:
        assert self.sock is not None
        return self.sock


def run(abuse: Abuse, target: Target, slower: float) -> Report:
    """Abuse the target until stdin ends."""
    report = Report()
    clients = [Client(abuse, number, slower, report) for number in range(abuse.clients)]
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
            dial_all(clients, abuse.port(target), selector)
    report.cpu_s = time.process_time()
    return report


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
        client.lose(time.monotonic())


def dial_all(clients: list[Client], port: int, selector: selectors.BaseSelector) -> None:
    """Connect whoever is not; who is not let in tries again later."""
    for client in clients:
        if client.is_to_dial(time.monotonic()):
            try:
                selector.register(client.dial(port), selectors.EVENT_READ, client)
            except OSError:
                client.sock = None


@contextmanager
def attack(name: str, target: Target, reports: list[Report], *, slower: float) -> Iterator[None]:
    """The abuse goes on until this is left; then its report is added to `reports`."""
    aim = json.dumps(asdict(target))
    command = [sys.executable, "-m", "tests.e2e.abuse.attack", name, aim, str(slower)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "attacking\n"
        try:
            yield
        finally:
            process.stdin.close()
            reports.append(Report(**json.loads(process.stdout.read())))


if __name__ == "__main__":
    aimed_at = Target(**json.loads(sys.argv[2]))
    print(json.dumps(asdict(run(ABUSES[sys.argv[1]](aimed_at), aimed_at, float(sys.argv[3])))))
