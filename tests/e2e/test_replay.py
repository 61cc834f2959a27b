"""A bid that failed by a bug of ours, seen by its bidder: failed, and after a replay answered."""

from app.settings import read_settings
from tests.containers import build_container
from tests.e2e.bidding import OUTCOME, place, watch
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Person
from tests.integration.replay.cases import undecidable
from tests.operator import Operator


def test_a_replay_after_a_bug_fix_pushes_the_new_outcome(
    cluster: Cluster, seller: Person, anna: Person, ben: Person
) -> None:
    lot = create_lot(seller)
    settings = read_settings(cluster.stack.environment())
    container = build_container(settings, application="tests")
    operator = Operator(cluster.stack, container)
    with anna.enter() as first, ben.enter() as second:
        watch(second, lot)
        with undecidable(container.engine, lot["id"], 5_000):
            bid_id = place(first, lot, 5_000, key="unlucky")["bid_id"]
            failed = first.push("bid.result", bid_id=bid_id)
            assert {name: failed[name] for name in OUTCOME if failed[name] is not None} == {
                "status": "failed"
            }
            status = first.request("bid.status", auction_id=lot["id"], key="unlucky")
            assert status["status"] == "failed"
            # The auction continues without it.
            place(second, lot, 2_000)
            assert second.push("bid.result")["standing"] == "leading"

        (letter,) = operator.listed("--id", bid_id)
        assert letter["reason"] == "HandlerError"
        assert "1 replayed" in operator.bridge("replay", "run", "--auction", str(lot["id"]))
        result = first.push("bid.result", bid_id=bid_id, status="accepted")
        # It is after ben's in the topic, in any order of sending.
        assert (result["seq"], result["standing"], result["key"]) == (2, "leading", "unlucky")
        assert second.push("auction.state", bid_count=2)["price"] == 5_000
        status = first.request("bid.status", auction_id=lot["id"], key="unlucky")
        assert {name: status[name] for name in OUTCOME} == {name: result[name] for name in OUTCOME}
        all_pushed = [frame["status"] for frame in first.pushes("bid.result", bid_id=bid_id)]
        assert all_pushed == ["failed", "accepted"]
    container.producer.close()
    container.engine.dispose()
