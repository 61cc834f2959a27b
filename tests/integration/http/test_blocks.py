"""Sellers block bidders over HTTP; who may request a void."""

from tests.integration.http.market import Market, Person, code, faults


def test_a_seller_lists_blocks_in_pages_and_removes_them(market: Market) -> None:
    seller, others = market.person("seller"), [market.person(name) for name in "abc"]
    for other in (*others, others[0]):
        answer = market.call("PUT", f"/api/me/blocks/{other.id}", seller)
        assert (answer.status_code, answer.data) == (204, b"")
    listed = market.items("/api/me/blocks", seller, limit=2)
    assert [one["user"] for one in listed] == [
        {"id": other.id, "nickname": other.nickname} for other in others
    ]
    for _ in range(2):  # the second finds nothing, and that is right
        assert market.call("DELETE", f"/api/me/blocks/{others[1].id}", seller).status_code == 204
    assert [one["user"]["id"] for one in market.items("/api/me/blocks", seller)] == [
        others[0].id,
        others[2].id,
    ]
    assert market.items("/api/me/blocks", others[0]) == []


def test_sellers_cannot_block_themselves_or_unknown_users(
    market: Market, plain_user: Person
) -> None:
    assert faults(market.call("PUT", f"/api/me/blocks/{plain_user.id}", plain_user)) == {"user_id"}
    assert code(market.call("PUT", "/api/me/blocks/999999999", plain_user)) == (404, "NOT_FOUND")
    for method in ("PUT", "DELETE"):
        assert code(market.call(method, "/api/me/blocks/1")) == (401, "UNAUTHENTICATED")
    assert code(market.call("GET", "/api/me/blocks")) == (401, "UNAUTHENTICATED")
    assert market.items("/api/me/blocks", plain_user) == []


def test_only_admins_may_request_a_void(market: Market, plain_user: Person) -> None:
    path = "/api/admin/auctions/1/void"
    body = {"bidder_id": plain_user.id, "reason": "r"}
    assert code(market.call("POST", path, plain_user, body)) == (403, "FORBIDDEN")
    assert code(market.call("POST", path, None, body)) == (401, "UNAUTHENTICATED")
