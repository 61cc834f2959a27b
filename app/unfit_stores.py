"""The check of the stores at the start of every process in production."""

import sys

from app.settings import REFUSED, Settings
from app.store_security import PRODUCTION


def refuse_unfit_stores(settings: Settings) -> None:
    """End with code 2 and a line for each fault when, in production, a store accepts clients
    without a password, or is older than this code supports.

    A client that reaches its port could forge its content. A store that does not answer is no
    fault: processes may start before their stores do. Kafka is checked by `python -m bridge
    topics`.
    """
    if settings.profile != PRODUCTION:
        return
    # The drivers of all stores, of which no process but a gateway needs all.
    from app.store_questions import find_faults  # noqa: PLC0415

    if faults := find_faults(settings):
        print("\n".join(faults), file=sys.stderr)
        raise SystemExit(REFUSED)
