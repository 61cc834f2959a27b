"""Auctions as the code of an older commit decided and stored them, with their records.

`write.py` made the file.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.protocol.topics import AUCTION_BID
from lanes.record import InboxRecord
from lanes.time import from_epoch_ms

REVISION = "0003"
"""The migration at which the rows of the file were stored."""

_FILE = json.loads((Path(__file__).parent / "rules_1.json").read_text())
TABLES: dict[str, list[dict[str, Any]]] = _FILE["tables"]


def records() -> list[InboxRecord]:
    """The log of all auctions, one partition, in offset order."""
    return [
        InboxRecord(
            topic=AUCTION_BID.name,
            partition=record["partition"],
            offset=record["offset"],
            key=record["key"],
            payload=record["payload"],
            log_time=from_epoch_ms(record["log_time_ms"]),
        )
        for record in _FILE["records"]
    ]


def chained(auction_id: int) -> Sequence[str]:
    """The hashes that were stored with an auction's decisions, in the order of its log."""
    rows = [row for table in ("bids", "decisions") for row in TABLES[table]]
    own = [row for row in rows if row["auction_id"] == auction_id and row["chain"] is not None]
    own.sort(key=lambda row: (row["offset"], row.get("automatic", False)))
    return [row["chain"] for row in own]


def store(connection: Connection) -> None:
    """Put the rows into a database at REVISION."""
    for table, rows in TABLES.items():
        connection.exec_driver_sql(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE "  # noqa: S608 - our constants
            f"SELECT * FROM jsonb_populate_recordset(NULL::{table}, %s)",
            (json.dumps(rows),),
        )
