"""Links between two programs that reset, swallow, delay, throttle or cut what passes."""

from stack.campaign.environment import Environment
from stack.campaign.faults.fault import Fault
from stack.campaign.proxies import BLACK_HOLE, LINKS, RESET, SLOW, THROTTLED, Toxic, cut_after

CUT_BYTES_MAX = 20_000
TOXIC_S = {"reset": 2.0, "black-hole": 10.0, "latency-300ms": 10.0, "64kBps": 10.0}
CUT_S = 5.0


def link_faults() -> list[Fault]:
    """Each link, each way."""
    toxics = {"reset": RESET, "black-hole": BLACK_HOLE, "latency-300ms": SLOW, "64kBps": THROTTLED}
    faults = []
    for link in LINKS:
        faults += [_toxic_fault(link, way, toxic) for way, toxic in toxics.items()]
        faults.append(_cut_fault(link))
    return faults


def _toxic_fault(link: str, way: str, toxic: Toxic) -> Fault:
    return Fault(
        f"link-{link}-{way}",
        (link,),
        inject=lambda environment: environment.proxies.add_toxic(link, toxic),
        heal=lambda environment: environment.proxies.remove_toxic(link, toxic),
        hold_s=TOXIC_S[way],
    )


def _cut_fault(link: str) -> Fault:
    """Where it is cut is drawn anew each time."""
    toxics: list[Toxic] = []

    def cut(environment: Environment) -> None:
        toxics[:] = [cut_after(environment.rng.randrange(100, CUT_BYTES_MAX))]
        environment.proxies.add_toxic(link, toxics[0])

    return Fault(
        f"link-{link}-cut",
        (link,),
        inject=cut,
        heal=lambda environment: environment.proxies.remove_toxic(link, toxics[0]),
        hold_s=CUT_S,
        times=2,
    )
