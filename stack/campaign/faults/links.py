"""Links between two programs that reset, swallow, delay, throttle or cut what passes."""

from stack.campaign.faults.fault import Fault
from stack.campaign.ground import Ground
from stack.campaign.proxies import BLACK_HOLE, LINKS, NARROW, RESET, SLOW, Toxic, cut_after

CUT_BYTES_MAX = 20_000
SICK_S = {"reset": 2.0, "black-hole": 10.0, "latency-300ms": 10.0, "64kBps": 10.0}
CUT_S = 5.0


def link_faults() -> list[Fault]:
    """Each link, each way."""
    toxics = {"reset": RESET, "black-hole": BLACK_HOLE, "latency-300ms": SLOW, "64kBps": NARROW}
    faults = []
    for link in LINKS:
        faults += [_sick(link, way, toxic) for way, toxic in toxics.items()]
        faults.append(_cut(link))
    return faults


def _sick(link: str, way: str, toxic: Toxic) -> Fault:
    return Fault(
        f"link-{link}-{way}",
        (link,),
        inject=lambda ground: ground.proxies.poison(link, toxic),
        heal=lambda ground: ground.proxies.cure(link, toxic),
        hold_s=SICK_S[way],
    )


def _cut(link: str) -> Fault:
    """Where it is cut is drawn anew each time."""
    toxics: list[Toxic] = []

    def cut(ground: Ground) -> None:
        toxics[:] = [cut_after(ground.rng.randrange(100, CUT_BYTES_MAX))]
        ground.proxies.poison(link, toxics[0])

    return Fault(
        f"link-{link}-cut",
        (link,),
        inject=cut,
        heal=lambda ground: ground.proxies.cure(link, toxics[0]),
        hold_s=CUT_S,
        times=2,
    )
