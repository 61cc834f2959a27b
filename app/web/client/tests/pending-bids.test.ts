/** Bids without an outcome survive a reload, and nothing else does. */
import { beforeEach, expect, test } from "vitest";
import { PendingBids } from "../src/store/pending-bids";
import type { TrackedBid } from "../src/wire/bid-book";

const BID: TrackedBid = {
  key: "k1",
  auctionId: 7,
  amount: 1_500,
  kind: "exact",
  confirm: false,
  stage: "received",
  bidId: null,
  placedMs: 1,
  outcome: null,
  error: null,
};

const pending = new PendingBids(sessionStorage);

beforeEach(() => sessionStorage.clear());

test("a bid without an outcome is found again by its user", () => {
  pending.keep(1, [BID, { ...BID, key: "k2", stage: "error", error: "BUSY" }]);
  expect(pending.of(1)).toEqual([BID]);
});

test("another user finds nothing", () => {
  pending.keep(1, [BID]);
  expect(pending.of(2)).toEqual([]);
});

test("what is no bid is not believed", () => {
  expect(pending.of(1)).toEqual([]);
  sessionStorage.setItem("pending-bids", "{");
  expect(pending.of(1)).toEqual([]);
  sessionStorage.setItem("pending-bids", JSON.stringify({ userId: 1, bids: [null, { key: 3 }] }));
  expect(pending.of(1)).toEqual([]);
});
