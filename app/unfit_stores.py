"""What every process asks for at its start in production: stores that are fit for it."""

import sys

from app.settings import REFUSED, Settings
from app.store_security import PRODUCTION


def refuse_unfit_stores(settings: Settings) -> None:
    """End with code 2 and a line for each fault when, in production, a store lets in who shows no
    password, or is older than what this code was run with.

    Who could reach its port could forge what is in it. A store that does not answer is none of
    those: processes may start before their stores do. Kafka's turn is `python -m bridge topics`.
    """
    if settings.profile != PRODUCTION:
        return
    # The drivers of all stores, of which no process but a gateway needs all.
    from app.store_questions import find_faults  # noqa: PLC0415

    if faults := find_faults(settings):
        print("\n".join(faults), file=sys.stderr)
        raise SystemExit(REFUSED)
