"""All faults there are."""

from stack.campaign.faults.clocks import clock_faults
from stack.campaign.faults.failover import failover_faults
from stack.campaign.faults.fault import Fault
from stack.campaign.faults.links import link_faults
from stack.campaign.faults.processes import process_faults
from stack.campaign.faults.servers import server_faults
from stack.settings import Settings

UNTOUCHED_S = 10.0


def all_faults(settings: Settings) -> list[Fault]:
    """In the order they are tried. The first is none: what fails there is no fault's doing.

    Where another server can take over, only that is tried: the rest is as with one of each.
    That every tenth bid is produced twice is no fault of its own: it is so all the time.
    """
    none = Fault("none", (), inject=lambda _: None, hold_s=UNTOUCHED_S, mixed=False)
    if settings.brokers > 1:
        return [none, *failover_faults()]
    return [none, *process_faults(), *server_faults(), *link_faults(), *clock_faults()]
