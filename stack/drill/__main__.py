"""`make drill`: lose PostgreSQL, restore it to a point in time, and open the house again.

Prints what was lost and how long each step took. Exit 1 when something is not as it must be, 2 when
a backup is not whole; `--check` only says whether one is.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

from stack.bench.storm import USERS_FILE, Load, run_storm
from stack.builds import go_program
from stack.client import DECIDED, CallError, Endpoint, RefusedError, User, result_of
from stack.drill.backup import Backup, restore, take_backup
from stack.drill.observer import Observer
from stack.faults import StackFault, UsageFault
from stack.lifecycle import alone, stop_at_sigterm
from stack.progress import shown
from stack.readiness import complaint_of
from stack.runtime import Stack
from stack.servers.postgresql import PostgreSQL, binaries_for
from stack.slowness import wait_until
from stack.tables import markdown
from stack.websocket_client import Frame

AFTER_RESTORE = ("-m", "app.admin", "after-restore")
STORM = Load(rate=200, seconds=5, sockets=20, auctions=3, mode="ws", subscribe=True)
REMEDY = "run `python -m app.admin after-restore`"
WAIT_S, POLL_S = 60.0, 0.2
OF_CLIENTS = ("I1", "I5", "I13")  # what the audit judges by the clients' journal


@dataclass(slots=True)
class Drill:
    """One drill on a stack, step by step; `seconds` of each step, `facts` about what was lost.

    `endpoint` and `observer` are there once the house is up.
    """

    stack: Stack
    storm: Path
    endpoint: Endpoint = field(init=False)
    observer: Observer = field(init=False)
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def postgresql(self) -> PostgreSQL:
        """The server that is lost."""
        return PostgreSQL(self.stack.places, self.stack.settings, self.stack.credentials)

    def run(self) -> None:
        """Do all of it. Raise StackFault where the house does not do what it must."""
        with self._step("the house is up"):
            self.stack.up()
        self.endpoint = Endpoint.of(self.stack.addresses())
        kept = self.endpoint.sign_up("seller").open_auction()["id"]
        directory = self.stack.places.data_dir
        with Observer.open(self.endpoint, directory, kept) as self.observer:
            self._lose_and_restore(kept)

    def _lose_and_restore(self, kept: int) -> None:
        mina, yuna = (self.endpoint.sign_up(name) for name in ("mina", "yuna"))
        old_token = mina.token
        with self._step("storm"):
            self._storm("before")
        with self._step("base backup"):
            backup = take_backup(self.postgresql, self.stack.places.data_dir / "base")
        self._bid(mina, kept, 1_500)
        until = self.postgresql.query("SELECT clock_timestamp()").strip()
        yunas, lost, lost_auction = self._act_after_target(until, (mina, yuna), kept)
        with self._step("loss of the data directory"):
            self._lose()
        with self._step("restore"):
            self._restore(backup, until)
        with self._step("the house refuses"):
            self._refused(mina, kept)
        with self._step("after-restore"):
            self._after_restore(lost, lost_auction)
        with self._step("the house opens"):
            self.stack.up()
        with self._step("the log's rest is settled"):
            self._settled(kept)
        yuna.log_in()
        self.observer.outcome(yuna, _own_bid(yuna, yunas))  # must be her earlier one
        refused = self.endpoint.request("GET", "/api/me", token=old_token)
        self._expect(_refusal(lambda: result_of(refused)), "UNAUTHENTICATED", "a token from before")
        self._opened(mina, lost, kept, lost_auction)
        self._wait(self.observer.shows_current_state, "a guest of before sees what a new one does")
        with self._step("audit"):
            self._audit(self.observer.rotate_journal())

    def _bid(self, bidder: User, auction_id: int, amount: int) -> str:
        """Bid, and wait for the outcome; the witness has both. The bid's id."""
        receipt = _bid(bidder, auction_id, amount)
        self.observer.receipt(bidder, receipt)
        bid_id = str(receipt["bid_id"])
        self._wait(lambda: _is_decided(bidder, bid_id), f"the bid of {amount} is decided")
        self.observer.outcome(bidder, _own_bid(bidder, bid_id))
        return bid_id

    def _act_after_target(
        self, until: str, people: tuple[User, User], kept: int
    ) -> tuple[str, User, int]:
        """What is done after the point in time, and so is lost or only in the log."""
        mina, yuna = people
        lost = self.endpoint.sign_up("lost")
        lost_auction = lost.open_auction()["id"]
        # Their outcomes are lost with the user and the auction; the log has the bids still.
        self.observer.receipt(mina, _bid(mina, lost_auction, 2_000))
        yunas = self._bid(yuna, kept, 5_000)
        self.observer.receipt(lost, _bid(lost, kept, 9_000))
        with self._step("storm on auctions that will be lost"):
            self._storm("after")
        self._wait(lambda: self._price(kept) == 9_000, "the bids after are decided")
        self.facts["restored to"] = until
        segment = self.postgresql.query("SELECT pg_walfile_name(pg_switch_wal())").strip()
        archived = self.postgresql.archive / segment
        self._wait(archived.exists, "the WAL is archived")
        return yunas, lost, lost_auction

    def _storm(self, name: str) -> None:
        users = self.stack.places.data_dir / USERS_FILE
        report = run_storm(
            self.storm,
            STORM,
            addresses=self.stack.addresses(),
            users_file=users,
            on_phase=lambda _: None,
        )
        self.facts[f"bids of the storm {name} the point in time"] = report["bids"]["sent"]

    def _lose(self) -> None:
        self.stack.control.kill_for_good("postgresql")
        self.stack.control.forget("postgresql")
        shutil.rmtree(self.postgresql.data)

    def _restore(self, backup: Backup, until: str) -> None:
        restore(self.postgresql, backup, until=until)
        self.stack.servers_up()
        recovers = "SELECT pg_is_in_recovery()"
        self._wait(lambda: self.postgresql.query(recovers).strip() == "f", "recovery has ended")

    def _refused(self, mina: User, kept: int) -> None:
        url = self.stack.addresses()["BASE_URL"]
        self._wait(lambda: "after-restore" in complaint_of(url), "/readyz names after-restore")
        self._wait(self._gateways_restarted, "each gateway process has begun anew")
        refused: Mapping[str, Callable[[], object]] = {
            "a sign-up on the old database": lambda: self.endpoint.sign_up("early"),
            "a log-in": mina.log_in,
            "a bid": lambda: _bid(mina, kept, 20_000),
        }
        for what, attempt in refused.items():
            self._expect(_refusal(attempt), "BUSY", what)
        for name in ("bridge", "worker-bids-0"):
            self._wait(partial(self._logs_hint, name), f"{name} says what to run")
        listing = self._python("-m", "bridge", "replay", "list")
        self._expect(str(listing.returncode), "2", "an operator's command")
        self.stack.control.forget(*(one.name for one in self.stack.application()))

    def _gateways_restarted(self) -> bool:
        """Each has ended the sockets of the time before, and serves nothing yet."""
        text = self.stack.control.log_file("gateway").read_text(encoding="utf-8")
        workers = self.stack.settings.gateway_workers
        since_restart = text.rpartition("gateway_begins_anew")[2]
        return (
            text.count("gateway_begins_anew") >= workers
            and "database_older_than_log" in since_restart
        )

    def _logs_hint(self, name: str) -> bool:
        return REMEDY in self.stack.control.log_file(name).read_text(encoding="utf-8")

    def _after_restore(self, lost: User, lost_auction: int) -> None:
        dry = self._command(*AFTER_RESTORE, "--dry-run")
        for wanted in (f"\n  {lost.id}  ", f"\n  {lost_auction}  ", "nothing was changed"):
            if wanted not in dry.stdout:
                raise StackFault(f"after-restore does not list {wanted.strip()}")
        done = self._command(*AFTER_RESTORE)
        for line in done.stdout.splitlines():
            name, colon, number = line.partition(": ")
            if colon and number.isdecimal():
                self.facts[name] = number
        again = self._command(*AFTER_RESTORE)
        self._expect(str("nothing to do" in again.stdout), "True", "after-restore given again")

    def _settled(self, kept: int) -> None:
        """Yuna's bid is decided again; that of the lost user, which was higher, is not."""
        self._wait(lambda: self._price(kept) == 5_000, "the surviving bid leads")
        self._wait_idle()
        letters = self._rows(
            "SELECT reason, count(*) FROM lanes.dead_letters GROUP BY 1 ORDER BY 1"
        )
        for line in letters.splitlines():
            reason, _, number = line.partition("|")
            self.facts[f"dead letters {reason}"] = number

    def _wait_idle(self) -> None:
        query = "SELECT (SELECT count(*) FROM inbox_waiting) + (SELECT count(*) FROM lanes.outbox)"
        self._wait(lambda: self._rows(query) == "0", "nothing waits")

    def _opened(self, mina: User, lost: User, kept: int, lost_auction: int) -> None:
        self._expect(_refusal(lost.log_in), "BAD_CREDENTIALS", "a lost user")
        missing = _refusal(lambda: self._price(lost_auction))
        self._expect(missing, "NOT_FOUND", "a lost auction")
        new = self.endpoint.sign_up("new")
        if new.id <= lost.id:
            raise StackFault(f"user {new.id} has an id that was given out before")
        mina.log_in()
        self._bid(mina, kept, 10_000)
        self._bid(new, kept, 11_000)
        new.open_auction()

    def _price(self, auction_id: int) -> int:
        return int(self.endpoint.call("GET", f"/api/auctions/{auction_id}")["price"])

    def _audit(self, journal: Path) -> None:
        self._wait_idle()
        found = self._python("-m", "bridge", "audit", "--json", "--journal", str(journal))
        if found.returncode != 0:
            raise StackFault(f"the audit is not clean:\n{found.stdout}{found.stderr}")
        checked = {one["invariant"]: one for one in json.loads(found.stdout)["invariants"]}
        for invariant in OF_CLIENTS:
            if not checked[invariant]["checked"]:
                raise StackFault(f"the audit has not looked at {checked[invariant]['name']}")
            self.facts[f"audit, {invariant}: {checked[invariant]['name']}"] = (
                f"{checked[invariant]['checked']} checked, "
                f"{checked[invariant]['violations']} violated"
            )

    def _rows(self, query: str) -> str:
        return self.postgresql.query(query, database="auction").strip()

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.stack.run("python", *arguments, captured=True)

    def _command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        answer = self._python(*arguments)
        if answer.returncode != 0:
            raise StackFault(f"{' '.join(arguments)}: {answer.stderr.strip()}")
        return answer

    @staticmethod
    def _expect(found: str, wanted: str, what: str) -> None:
        if found != wanted:
            raise StackFault(f"{what}: {found or 'taken'}, not {wanted}")

    @staticmethod
    def _wait(condition: Callable[[], bool], what: str) -> None:
        wait_until(condition, what, seconds=WAIT_S, poll_s=POLL_S)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        with shown(name):
            yield
        self.seconds[name] = time.monotonic() - begun

    def table(self) -> str:
        """What was lost and how long each step took, as Markdown."""
        steps = [(name, f"{seconds:.1f}") for name, seconds in self.seconds.items()]
        facts = [(name, str(fact)) for name, fact in self.facts.items()]
        return f"{markdown(('step', 'seconds'), steps)}\n\n{markdown(('what', ''), facts)}"


def _bid(bidder: User, auction_id: int, amount: int) -> Frame:
    """Bid exactly this much; what the house answers once the log has the bid."""
    return result_of(bidder.post_bid(auction_id, key=uuid4().hex, amount=amount, kind="exact"))


def _own_bid(bidder: User, bid_id: str) -> Frame:
    return bidder.call("GET", f"/api/bids/{bid_id}")


def _is_decided(bidder: User, bid_id: str) -> bool:
    try:
        return _own_bid(bidder, bid_id)["status"] in DECIDED
    except CallError:  # the gateway does not have it yet
        return False


def _refusal(attempt: Callable[[], object]) -> str:
    """The code by which the house refuses this; empty when it does not."""
    try:
        attempt()
    except RefusedError as refused:
        return refused.code
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the drill, or check a backup; the exit code."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--profile", default="drill")
    parser.add_argument("--check", type=Path, metavar="BASE", help="a base backup, to look at only")
    parser.add_argument("--archive", type=Path, metavar="DIR", help="its archived WAL")
    options = parser.parse_args(arguments)
    stack = Stack.of(options.profile, step=shown)
    stop_at_sigterm()
    try:
        if options.check is not None:
            return _check(options)
        with alone(stack):
            _drill(stack)
    except StackFault as fault:
        print(f"drill: {fault}", file=sys.stderr)
        return 2 if isinstance(fault, UsageFault) else 1
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.archive is None:
        raise UsageFault("say where its archived WAL is: --archive DIR")
    for directory in (options.check, options.archive):
        if not directory.is_dir():
            raise UsageFault(f"{directory} is no directory")
    Backup(options.check, options.archive, binaries_for(options.check)).check_complete()
    print(f"{options.check} is whole, and so is the WAL since")
    return 0


def _drill(stack: Stack) -> None:
    storm = go_program("storm").ensure()
    stack.clean()
    drill = Drill(stack, storm)
    try:
        drill.run()
    finally:
        stack.down()
    print(f"\n{drill.table()}")


if __name__ == "__main__":
    sys.exit(main())
