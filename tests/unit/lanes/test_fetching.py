"""A consumer that holds records sends its next fetch with the next poll, not before."""

from types import SimpleNamespace
from typing import Any

from lanes.kafka.consumer import fetch_no_leftovers

RECORDS = {"part": ["record"]}


def test_no_fetch_is_sent_while_records_are_held() -> None:
    fetches: list[None] = []
    found: list[tuple[dict[str, Any], bool]] = [(RECORDS, False), ({}, False)]
    fetcher = SimpleNamespace(
        fetched_records=lambda *_, **__: found.pop(0),
        send_fetches=lambda: fetches.append(None),
        _send_fetches_async=None,
    )
    fetch_no_leftovers(fetcher)
    assert fetcher.fetched_records(10, update_offsets=True) == (RECORDS, False)
    fetcher.send_fetches()
    assert fetches == []
    fetcher.fetched_records(10)
    fetcher.send_fetches()
    assert len(fetches) == 1, "nothing was there"
