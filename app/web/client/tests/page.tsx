/** The page under test: its own code from session to rendering, before a gateway in memory. */
import { act, render } from "@testing-library/preact";
import { vi } from "vitest";
import type { Auction, AuctionStatePush, BidPlace } from "../src/protocol";
import { tokens } from "./builders";
import { FakeGateway } from "./fake-gateway";
import type { FakeSocket } from "./fake-socket";

const OK: { status: number; body?: unknown } = { status: 200, body: tokens() };
const running: (() => void)[] = [];

/** A page loaded anew in this test: no module keeps anything of an earlier one. */
export class PageUnderTest {
  private constructor(readonly gateway: FakeGateway) {}

  /** Starts as main.tsx does, without rendering; `isSignedIn` decides who is before it. */
  static async start({ isSignedIn = true, refresh = OK } = {}): Promise<PageUnderTest> {
    vi.resetModules();
    await PageUnderTest.closeAll();
    const gateway = FakeGateway.install();
    sessionStorage.clear();
    localStorage.removeItem("signed-in");
    if (isSignedIn) localStorage.setItem("signed-in", "1");
    gateway.on("POST", "/api/auth/refresh", refresh);
    const page = new PageUnderTest(gateway);
    await page.load();
    return page;
  }

  /** Ends the connections of earlier pages. */
  static async closeAll(): Promise<void> {
    for (const stop of running.splice(0)) stop();
    await Promise.resolve(); // what was asked is lost, and a bid without outcome is kept for later
    await Promise.resolve();
  }

  private async load(): Promise<void> {
    const { resume } = await import("../src/store/session");
    const { followBids } = await import("../src/store/bids");
    const { followNotices } = await import("../src/store/notices");
    const { goLive, wire } = await import("../src/store/live");
    running.push(() => wire.stop());
    await resume();
    followBids();
    followNotices();
    goLive();
  }

  get socket(): FakeSocket {
    return this.gateway.socket;
  }

  /** Shows an auction's page with `auction` as its snapshot. */
  async showAuction(auction: Auction): Promise<void> {
    const { AuctionPage } = await import("../src/pages/auction");
    render(<AuctionPage id={auction.id} />);
    await this.socket.welcome();
    await this.answer("subscribe", {
      type: "subscribed",
      channel: `auction:${auction.id}`,
      auction,
      bids: [],
    });
  }

  /** Answers the newest frame of `type`. */
  async answer(type: string, frame: object): Promise<void> {
    await this.say({ re: this.socket.last(type).id, ...frame });
  }

  /** The gateway says `frame`, and the page has rendered it. */
  async say(frame: object): Promise<void> {
    await act(async () => this.socket.say(frame));
  }

  /** The auction changes to `auction`. */
  async state(auction: Auction): Promise<void> {
    const { id, product: _, seller: __, mine: ___, ...state } = auction;
    const push = {
      channel: `auction:${id}`,
      auction_id: id,
      bids: [],
      from_seq: state.bid_count + 1,
    };
    await this.say({ type: "auction.state", ...push, ...state } as unknown as AuctionStatePush);
  }

  /** The bids sent so far. */
  get bids(): BidPlace[] {
    return this.socket.sent.filter(({ type }) => type === "bid.place") as unknown as BidPlace[];
  }
}

/** Lets `ms` pass on the fake clock, and the page render what came of it. */
export async function pass(ms: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
}
