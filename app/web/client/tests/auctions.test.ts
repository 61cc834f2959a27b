import { describe, expect, it } from "vitest";
import type { Auction, AuctionStatePush, BidResult } from "../src/protocol";
import { gapAfter } from "../src/store/auction-view";
import { auctionOf, learn, standingIn, withOwnBid, withState } from "../src/store/auctions";
import { MINE } from "./builders";

function auction(change: Partial<Auction> = {}): Auction {
  const mine = { ...MINE, standing: "outbid", alias: 4 } as const;
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

  it.each([3, 4])(
    "is kept when what was read before the own bid comes late, as version %i",
    (version) => {
      learn([auction({ id: 7, version: 3, leader: { alias: 4 } })]);
      learn([auction({ id: 7, version, leader: { alias: 4 }, mine: MINE })]);
      expect(standingIn(auctionOf(7).value)).toBe("leading");
    },
  );

  it("is not changed by the late result of a bid that others have overtaken", () => {
    const result = { status: "accepted", standing: "leading", alias: 4, seq: 2 } as BidResult;
    expect(standingIn(withOwnBid(auction(), result, 50_000))).toBe("outbid");
  });
});

describe("the price to buy now at", () => {
  const state = (change: Partial<AuctionStatePush>) =>
    ({ status: "open", leader: null, reserve: "none", ...change }) as AuctionStatePush;

  it.each([
    [state({}), 9_000],
    [state({ leader: { alias: 1 } }), null],
    [state({ leader: { alias: 1 }, reserve: "not_met" }), 9_000],
    [state({ leader: { alias: 1 }, reserve: "met" }), null],
    [state({ status: "closed", reserve: "not_met" }), null],
    [state({ status: "cancelled" }), null],
  ] as const)("is gone with the first bid, or once the reserve is met", (push, price) => {
    expect(withState(auction({ buy_now_price: 9_000 }), push).buy_now_price).toBe(price);
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
