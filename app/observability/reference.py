"""docs/metrics.md, made of the declarations: `python -m app.observability.reference` writes it.

With `--check` it only says whether the page is what it would write. Here is every label with the
closed set its values come from.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import get_args

from app.domain.errors import RejectionCode
from app.observability import metrics
from app.protocol.mails import MailPurpose
from app.protocol.problems import STATUS_OF_CODE
from app.protocol.tasks import QUEUES
from app.protocol.topics import (
    ALL_TOPICS,
    BROADCAST_GROUP,
    EVENT_GROUP,
    INGEST_GROUP,
    LIVE_TOPICS,
    SAVE_GROUP,
)
from app.services.housekeeping import CHORES
from app.services.rejected_records import REASONS
from lanes.declarations import DECLARED, Declaration
from lanes.made_page import write_or_check

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
TOPICS = tuple(topic.name for topic in ALL_TOPICS)
GAUGED = (*(topic.name for topic in LIVE_TOPICS), metrics.POSTGRESQL, metrics.REDIS, "groups")
PIPELINES = (
    "relay", "broadcast", "save", "event", "clock",
    *(f"ingest:{topic.name}" for topic in LIVE_TOPICS), *(f"gauge:{name}" for name in GAUGED),
)  # fmt: skip
# The last is of handshakes that were refused.
SERVED = ("client", "healthz", "readyz", "social_begin", "social_callback", "websocket")

INTRODUCTION = """\
# Metrics

Made by `make docs` from `lanes/metrics.py` and `app/observability/metrics.py`: change those, not
this. The last word of a name is its unit. Each process counts into the files of
`PROMETHEUS_MULTIPROC_DIR`; the counts of a dead process are kept, so no counter ever falls. Metrics
have a port of their own. They are served by

- `python -m app.exporter`, for all processes of the machine (`METRICS_URL` of `make env`);
- `--http HOST:PORT` of `python -m bridge …` and of `celery … worker …`, for all processes that
  share that directory: for a host or a container that runs only one kind of process;
- Flower, for Celery's events: `/metrics` on its own port.

The stages of a bid: `ws_receipt_seconds` (frame to receipt, which is Kafka's
acknowledgement), `ingest_lag_seconds` (log to inbox), `lane_inbox_seconds` (inbox to settled),
`broadcast_age_seconds` (settled to published; its halves are `relay_lag_seconds`, to Kafka, and
`broadcast_lag_seconds`, from there), `ws_delivery_seconds` (published to the gateway, which writes
to the socket at once).
"""


@dataclass(frozen=True, slots=True)
class Label:
    """A label: its `values`, and a `pattern` of others that our own settings and code choose."""

    meaning: str
    values: Sequence[str] = ()
    pattern: str = ""

    def allows(self, value: str) -> bool:
        """Whether the label may have this value."""
        return value in self.values or re.fullmatch(self.pattern, value) is not None


LABELS = {
    "application": Label("the name a process gives to PostgreSQL", metrics.APPLICATIONS),
    "cause": Label("why a gateway refused a record", sorted(metrics.REFUSAL_CAUSES)),
    "chore": Label("what is kept in bounds (docs/growth.md)", CHORES),
    "code": Label("an error code", tuple(STATUS_OF_CODE)),
    "end": Label("how a socket ended", sorted(metrics.ENDS)),
    "endpoint": Label(
        "a route, as `GET /api/auctions/<int:auction_id>`, or one of", SERVED, r"[A-Z]+ /api/\S*"
    ),
    "group": Label("a consumer group", (INGEST_GROUP, BROADCAST_GROUP, SAVE_GROUP, EVENT_GROUP)),
    "holder": Label("who holds a transaction open", sorted(metrics.HOLDERS)),
    "method": Label("a method that the route allows", [method.value for method in HTTPMethod]),
    "outcome": Label(
        "`accepted`, or why a bid was refused", ("accepted", *get_args(RejectionCode))
    ),
    "pipeline": Label("a pipeline of the bridge", PIPELINES),
    "pool": Label("a pool of connections, by their application", metrics.APPLICATIONS),
    "process": Label(
        "the supervisor's name of a process, as `gateway` or `worker-bids-0`; without a supervisor"
        " `gateway`, `bridge`, `worker` or `metrics`",
        pattern=r"[a-z][a-z0-9-]*",
    ),
    "purpose": Label("what a mail is for", get_args(MailPurpose)),
    "queue": Label("a queue of Celery", QUEUES),
    "reason": Label("why a record is a dead letter", REASONS),
    "result": Label("what became of a mail", metrics.MAIL_RESULTS),
    "state": Label("what a connection does", metrics.CONNECTION_STATES),
    "status": Label("a status of HTTP", [str(status.value) for status in HTTPStatus]),
    "store": Label("a store", sorted(metrics.STORES)),
    "topic": Label("a topic", TOPICS),
    "version": Label("a version", pattern=r"[0-9.]+"),
}
NOT_LISTED = (
    "method",
    "status",
    "code",
)  # these need no list here: the error codes are in problems.py


def reference() -> str:
    """The page."""
    parts = [INTRODUCTION, _table_of_metrics(), "## Labels\n", _table_of_labels()]
    return "\n".join(parts)


def _table_of_metrics() -> str:
    lines = ["| metric | type | labels | unit | meaning |", "|---|---|---|---|---|"]
    lines += [_line(one) for one in sorted(DECLARED, key=lambda declared: declared.name)]
    return "\n".join(lines) + "\n"


def _line(one: Declaration) -> str:
    labels = ", ".join(f"`{label}`" for label in one.labels)
    return f"| `{one.name}` | {one.kind} | {labels} | {one.unit} | {one.meaning} |"


def _table_of_labels() -> str:
    lines = ["| label | is | values |", "|---|---|---|"]
    for name, label in LABELS.items():
        listed = () if name in NOT_LISTED else label.values
        values = ", ".join(f"`{value}`" for value in listed)
        lines.append(f"| `{name}` | {label.meaning} | {values} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page; with `--check` 1 and a line when it is another."""
    name = f"docs/{PAGE.name}"
    return write_or_check(PAGE, reference(), arguments, name=name, content="metrics")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
