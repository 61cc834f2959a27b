"""All faults there are."""

from stack.campaign.faults.clocks import clock_faults
from stack.campaign.faults.fault import Fault
from stack.campaign.faults.links import link_faults
from stack.campaign.faults.processes import process_faults
from stack.campaign.faults.servers import server_faults

UNTOUCHED_S = 10.0


def all_faults() -> list[Fault]:
    """In the order they are tried. The first is none: what fails there is no fault's doing.

    That every tenth bid is produced twice is no fault of its own: it is so all the time.
    """
    none = Fault("none", (), inject=lambda _: None, hold_s=UNTOUCHED_S, mixed=False)
    return [none, *process_faults(), *server_faults(), *link_faults(), *clock_faults()]
