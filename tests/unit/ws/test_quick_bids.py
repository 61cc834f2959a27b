"""A valid bid takes a shorter path than other frames, with the same result."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import DomainError
from app.protocol.frames import BidPlace, decode_bid
from app.protocol.validation import MalformedError, decode_object, parse
from tests.unit.ws.builders import Client, FakeServices

VALUES = st.one_of(
    st.integers(-1, 3),
    st.sampled_from([2**63 - 1, 2**63, 10**12, 10**12 + 1]),
    st.floats(allow_nan=False),
    st.sampled_from(["exact", "max", "k-1", "bid.place", "bid.status", "1", "", "안녕", "a b"]),
    st.booleans(),
    st.none(),
    st.just([]),
)
FAULTLESS: dict[str, Any] = {
    "id": 3, "type": "bid.place", "auction_id": 7, "amount": 500, "key": "k1", "kind": "exact",
    "confirm": True,
}  # fmt: skip
FIELDS = st.dictionaries(st.sampled_from([*FAULTLESS, "extra"]), VALUES, max_size=2)
REMOVED = st.sets(st.sampled_from(list(FAULTLESS)), max_size=1)


@st.composite
def bids(draw: st.DrawFn) -> str:
    """The text of a bid in which most fields are right; some come twice, some are cut off."""
    fields = {name: value for name, value in FAULTLESS.items() if name not in draw(REMOVED)}
    pairs = [*fields.items(), *draw(FIELDS).items()]
    inside = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    text = "{" + inside + "}"
    return text[: draw(st.sampled_from([len(text)] * 5 + [len(text) - 1]))]


@given(bids())
def test_a_bid_is_read_the_same_in_one_step_or_by_field(text: str) -> None:
    quick = decode_bid(text)
    try:
        slow = parse(decode_object(text), BidPlace)
    except (DomainError, MalformedError):
        slow = None
    if quick is not None:
        assert quick == slow
    elif slow is not None:  # read one by one, since not the whole of it is right
        assert slow.type != "bid.place" or len(decode_object(text)) < text.count('":')


@given(st.lists(bids(), min_size=1, max_size=3))
def test_both_paths_of_a_bid_give_the_same_answers(texts: list[str]) -> None:
    answers = []
    for is_quick in (True, False):
        services = FakeServices()
        first = Client(services)
        first.request("auth", token="5")
        if is_quick:  # what is known of bidder and auction is at hand
            first.request("bid.place", auction_id=7, amount=400, key="k0")
        client = Client(services, first.hub)
        client.request("auth", token="5")
        appended = len(services.appended)
        all_answers = [answer for text in texts for answer in client.request_text(text)]
        records = [json.loads(value) for _, _, value in services.appended[appended:]]
        for answer in all_answers:
            answer.pop("offset", None)  # one later for the bid before
        answers.append((all_answers, records))
    assert answers[0] == answers[1]
