"""What the benchmark measures beside steps of bids: one function a scenario."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import Queue

from stack.bench.accounting import usage_by_name
from stack.bench.application import GATEWAY, Application
from stack.bench.drain import drained_per_s
from stack.bench.log_ins import LogIns, log_ins_meanwhile
from stack.bench.measurement import Measurement, ratio
from stack.bench.storm import Load, storm_meanwhile

BUSY = "BUSY"
KIB = 1_024
OTHER_USERS_FILE = "storm-users-2.json"  # of a second generator at the same time


@dataclass(frozen=True, slots=True)
class Scale:
    """How long a scenario lasts, and which share of its sockets, bids and auctions it takes."""

    seconds: float = 60.0
    share: float = 1.0
    held: Sequence[float] = (2_000.0,)  # bids per second on one auction, the highest first

    def of(self, number: float) -> int:
        """The share of `number`; at least 1."""
        return max(1, round(number * self.share))

    def load(self, *, rate: float, sockets: int, auctions: int = 1) -> Load:
        """A load of the share of all three."""
        return Load(
            rate=self.of(rate),
            seconds=self.seconds,
            sockets=self.of(sockets),
            auctions=self.of(auctions) if auctions > 1 else 1,
            mode="ws",
            subscribe=True,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """Figures by their names in floors.py, the storms they are from, and what to know of them."""

    figures: Mapping[str, float]
    steps: Sequence[Measurement] = ()
    notes: Sequence[str] = field(default_factory=tuple)


Scenario = Callable[[Application, Scale], Result]


def overload(application: Application, scale: Scale) -> Result:
    """Offer the highest rate that is held again, then twice that: most must be decided, the rest
    refused at once."""
    steps = []
    for rate in scale.held:
        load = replace(scale.load(rate=rate, sockets=1_000), rest_s=_rest_s(scale))
        steps.append(application.measure(load))
        if steps[-1].held:
            break
    held = steps[-1]
    twice = application.measure(replace(held.load, rate=2 * held.load.rate))
    errors = twice.storm["error_ms"]
    acknowledged = twice.storm["acknowledged"]
    figures = {
        "overload.share": ratio(twice.decided_per_s, held.decided_per_s),
        "overload.busy_p99_ms": errors[BUSY]["p99"] if BUSY in errors else 0.0,
        "overload.other_errors": sum(
            spread["count"] for code, spread in errors.items() if code != BUSY
        ),
        "overload.acknowledged_max_ms": acknowledged["result_ms"]["max"],
        "overload.acknowledged_open": acknowledged["open"],
    }
    by_code = ", ".join(
        f"{code} {spread['count']:,} (p99 {spread['p99']:.0f} ms)"
        for code, spread in errors.items()
    )
    notes = [f"overload: refused {by_code or 'nothing'}"]
    if not held.held:
        rate = held.load.rate
        notes.append(f"overload: {rate:,.0f}/s, which was doubled, was not held itself")
    return Result(figures, [*steps, twice], notes)


def recovery(application: Application, scale: Scale) -> Result:
    """Half of what is held, while others add three times that for a third of the time: how soon
    afterwards the last bid is refused."""
    rate = scale.held[0]
    load = replace(scale.load(rate=rate / 2, sockets=1_000), rest_s=_rest_s(scale))
    others = scale.load(rate=1.5 * rate, sockets=495)
    begun = Queue[float]()

    def on_phase(phase: str) -> None:
        if phase == "storm":
            begun.put(time.monotonic())

    with ThreadPoolExecutor(1) as pool:
        with storm_meanwhile(
            application.executable,
            replace(others, seconds=scale.seconds + 60),
            addresses=application.addresses,
            users_file=application.users_file.with_name(OTHER_USERS_FILE),
        ):
            measured = pool.submit(application.measure, load, on_phase=on_phase)
            measured.add_done_callback(lambda _: begun.put(0.0))  # it failed before its first bid
            begun_at = begun.get()
            time.sleep(scale.seconds / 3)
        ended_s = time.monotonic() - begun_at
        step = measured.result()
    busy = step.storm["errors"].get(BUSY, 0)
    until_s = step.storm["error_until_s"]
    note = f"recovery: overload until {ended_s:.1f} s, {busy:,} `BUSY` until {until_s:.1f} s"
    return Result({"recovery.s": max(0.0, until_s - ended_s)}, [step], [note])


def quiet(application: Application, scale: Scale) -> Result:
    """One bid at a time, ten a second, on a system that has nothing else to do."""
    load = replace(
        scale.load(rate=10, sockets=10), rate=10, sockets=10, tick_ms=0.2, rest_s=_rest_s(scale)
    )
    step = application.measure(load)
    figures = {
        f"quiet.{kind}_{percentile}_ms": step.storm[f"{kind}_ms"][percentile]
        for kind in ("received", "result")
        for percentile in ("p50", "p99")
    }
    return Result(figures, [step])


def drain(application: Application, scale: Scale) -> Result:
    """How fast waiting bids are decided when the workers come back."""
    records = scale.of(50_000)
    return Result(
        {
            "drain.1": drained_per_s(application, records=records, auctions=1),
            "drain.1000": drained_per_s(application, records=records, auctions=scale.of(1_000)),
        }
    )


def fan_out(application: Application, scale: Scale) -> Result:
    """Thousands watch one auction at one gateway process, a hundred of them bid once a second."""
    bidders = scale.load(rate=100, sockets=100)
    load = replace(bidders, viewers=scale.of(5_000) - bidders.sockets, rest_s=_rest_s(scale))
    with application.second_gateway() as ws_url:
        step = application.measure(load, ws_url=ws_url)
    states, sockets = step.storm["states"], step.storm["sockets"]
    figures = {
        "fan-out.frames_per_s": states["per_s"],
        "fan-out.delay_p99_ms": states["delay_ms"]["p99"],
        "fan-out.result_p99_ms": step.storm["result_ms"]["p99"],
    }
    notes = [] if sockets["opened"] == sockets["wanted"] else [f"fan-out: sockets {sockets}"]
    return Result(figures, [step], notes)


def many_auctions(application: Application, scale: Scale) -> Result:
    """What a gateway pays for the auctions of other gateways: it should be nothing."""
    own = replace(scale.load(rate=100, sockets=100, auctions=5), rest_s=_rest_s(scale))
    others = scale.load(rate=495, sockets=495, auctions=495)
    other_users = application.users_file.with_name(OTHER_USERS_FILE)
    with application.second_gateway() as ws_url:
        alone = application.measure(own)
        with storm_meanwhile(
            application.executable,
            replace(others, seconds=480),
            addresses={**application.addresses, "WS_URL": ws_url},
            users_file=other_users,
        ):
            beside = application.measure(own)

    def cores(step: Measurement) -> float:
        return step.costs[application.prefix + GATEWAY].cpu_s / step.window_s

    note = f"many-auctions: gateway {cores(alone):.3f} cores alone, {cores(beside):.3f} beside"
    return Result(
        {"many-auctions.cpu_ratio": ratio(cores(beside), cores(alone))}, [alone, beside], [note]
    )


def log_ins(application: Application, scale: Scale) -> Result:
    """300 log-ins in a minute beside 1,000 bids/s, and the same bids without them."""
    load = replace(scale.load(rate=1_000, sockets=1_000), rest_s=_rest_s(scale))
    without = application.measure(load)
    done = LogIns()
    with log_ins_meanwhile(
        application.addresses["BASE_URL"], application.users_file, seconds=scale.seconds, done=done
    ):
        beside = application.measure(load)
    p99 = [step.storm["result_ms"]["p99"] for step in (without, beside)]
    note = f"log-ins: {done}; bids' p99 without {p99[0]:.0f} ms, beside {p99[1]:.0f} ms"
    return Result({"log-ins.p99_ratio": ratio(p99[1], p99[0])}, [without, beside], [note])


def close(application: Application, scale: Scale) -> Result:
    """Twenty auctions end while they are bid on: how late everybody who watches hears of it."""
    load = replace(scale.load(rate=2_000, sockets=1_000, auctions=20), ending=True)
    step = application.measure(load)
    closes = step.storm["states"]["close_ms"]
    notes = []
    if closes["count"] < load.sockets:
        notes.append(f"close: {closes['count']:,} of {load.sockets:,} sockets were told")
    return Result({"close.p99_ms": closes["p99"]}, [step], notes)


def idle(application: Application, scale: Scale) -> Result:
    """Memory that a signed-in socket takes which watches nothing, in a fresh gateway process."""
    load = replace(
        scale.load(rate=1, sockets=1_000), rate=1, seconds=1, subscribe=False, rest_s=_rest_s(scale)
    )
    rss: dict[str, int] = {}
    with application.second_gateway() as ws_url:
        pid = application.stack.control.pid(application.second_name)

        def read(phase: str) -> None:
            rss[phase] = usage_by_name({pid: "gateway"})["gateway"].rss_bytes

        first = replace(load, sockets=scale.of(50))
        application.run(first, on_phase=lambda _: None, ws_url=ws_url)
        application.run(load, on_phase=read, ws_url=ws_url)
    kib = (rss["storm"] - rss["open"]) / load.sockets / KIB
    return Result({"idle.socket_kib": kib})


def _rest_s(scale: Scale) -> float:
    """Long enough for what the opening of sockets left to do; short where all is small."""
    return min(2.0, scale.seconds / 4)


SCENARIOS: dict[str, Scenario] = {
    "overload": overload,
    "recovery": recovery,
    "quiet": quiet,
    "drain": drain,
    "fan-out": fan_out,
    "many-auctions": many_auctions,
    "log-ins": log_ins,
    "close": close,
    "idle": idle,
}
