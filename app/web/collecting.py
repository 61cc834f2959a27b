"""When a gateway looks for garbage that reference counts do not free.

A full collection visits every object of the process while no greenlet runs. With Python's own
thresholds a gateway under load did so several times a second, mostly over modules and routes that
live for ever.
"""

import gc

# Objects more than were freed before the youngest are looked at; then every so many such
# collections one of those that survived, and every so many of those one of all. At most their
# product is garbage that nobody has looked at: 500,000 objects, some 50 MB.
THRESHOLDS = (10_000, 10, 5)


def collect_seldom() -> None:
    """Leave all that lives now out of collections, and make those of the rest less frequent."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
