import { describe, expect, it } from "vitest";
import type { Auction, BidResult } from "../src/protocol";
import { gapAfter, standingIn, withOwnBid } from "../src/store/auction-view";

function auction(change: Partial<Auction> = {}): Auction {
  const mine = { standing: "outbid", alias: 4, maximum: null, watching: false } as const;
  return {
    status: "open",
    bid_count: 3,
    leader: { alias: 3 },
    winner: null,
    mine,
    ...change,
  } as Auction;
}

const won = { alias: 4, amount: 1 };

describe("standing", () => {
  it.each([
    [auction(), "outbid"],
    [auction({ leader: { alias: 4 } }), "leading"],
    [auction({ status: "closed", leader: { alias: 4 }, winner: won }), "won"],
    [auction({ status: "closed" }), "lost"],
    [null, "none"],
  ] as const)("follows the newest state", (state, standing) => {
    expect(standingIn(state)).toBe(standing);
  });

  it("is leading at once when an own bid leads, before the state tells", () => {
    const result = { status: "accepted", standing: "leading", alias: 4, seq: 4 } as BidResult;
    const after = withOwnBid(auction(), result, 50_000);
    expect(standingIn(after)).toBe("leading");
    expect(after.mine?.maximum).toBe(50_000);
  });

  it("is not changed by the late result of a bid that others have overtaken", () => {
    const result = { status: "accepted", standing: "leading", alias: 4, seq: 2 } as BidResult;
    expect(standingIn(withOwnBid(auction(), result, 50_000))).toBe("outbid");
  });
});

describe("gapAfter", () => {
  const bids = (...seqs: number[]) =>
    seqs.map((seq) => ({ seq, amount: 1, alias: 1, automatic: false, at: "" }));

  it("names the seq after which bids are missing", () => {
    expect(gapAfter(bids(9, 8, 7))).toBeNull();
    expect(gapAfter(bids(9, 6, 5))).toBe(6);
    expect(gapAfter([])).toBeNull();
  });
});
