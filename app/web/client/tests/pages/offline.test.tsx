/** An auction while there is no live connection: what is shown, and whether one can bid. */
import { fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { auction, tokens } from "../builders";
import { PageUnderTest, pass } from "../page";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const price = () => screen.getByTestId("price").textContent;
const isStale = () => screen.queryByText("Last known price") !== null;
const bid = () => screen.getByRole("button", { name: /^Bid/ });
const told = { price: 12_000, minimum_next_bid: 13_000, version: 9 };

/** A page with a live connection, whose gateway does not answer over HTTP. */
async function live(): Promise<PageUnderTest> {
  const page = await PageUnderTest.start();
  page.gateway.on("GET", "/api/auctions/7", null);
  await page.showAuction(auction());
  return page;
}

describe("a connection that falls silent", () => {
  it("is said to be lost, shows the price as old and blocks bidding within 12 s", async () => {
    const page = await live();
    expect(isStale()).toBe(false);
    await pass(12_000);
    expect(isStale()).toBe(true);
    expect(screen.getByText(/cannot bid just now/)).toBeTruthy();
    fireEvent.pointerDown(bid(), { button: 0 });
    fireEvent.click(bid());
    expect(screen.getByTestId("outcome").textContent).toBe("");
    expect(page.gateway.sockets.flatMap(({ sent }) => sent.map(({ type }) => type))).not.toContain(
      "bid.place",
    );
  });

  it("is current again only with a new snapshot", async () => {
    const page = await live();
    await pass(12_000);
    await page.socket.welcome();
    expect(isStale()).toBe(true);
    const snapshot = { channel: "auction:7", auction: auction(told), bids: [] };
    await page.answer("subscribe", { type: "subscribed", ...snapshot });
    expect([isStale(), price()]).toEqual([false, "₩12,000"]);
  });

  it("does not send a bid that was pressed before and let go after", async () => {
    const page = await live();
    fireEvent.pointerDown(bid(), { button: 0 });
    await pass(12_000);
    fireEvent.pointerUp(bid());
    fireEvent.click(bid());
    expect(screen.getByTestId("outcome").textContent).toBe("");
    expect(
      page.gateway.requests.some(({ method, path }) => method === "POST" && path.endsWith("/bids")),
    ).toBe(false);
  });
});

describe("waking", () => {
  it("shows no older price as current for more than 2 s", async () => {
    const page = await live();
    window.dispatchEvent(new Event("online"));
    await pass(2_000);
    expect(isStale()).toBe(true);
    await page.answer("time", { type: "time", client_ms: 0, server_ms: 0 });
    expect(isStale()).toBe(false);
  });
});

describe("while no socket can be had", () => {
  async function withoutSocket(): Promise<PageUnderTest> {
    const page = await PageUnderTest.start();
    page.gateway.on("GET", "/api/auctions/7", () => ({ status: 200, body: auction(told) }));
    page.gateway.on("GET", "/api/auctions/7/bids", { status: 200, body: { items: [] } });
    const { AuctionPage } = await import("../../src/pages/auction");
    const { render } = await import("@testing-library/preact");
    render(<AuctionPage id={7} />);
    page.socket.drop(1006);
    await pass(2_000);
    return page;
  }

  it("the auction is read over HTTP, and read again", async () => {
    const page = await withoutSocket();
    expect([price(), isStale()]).toEqual(["₩12,000", false]);
    const newer = auction({ ...told, price: 20_000, version: 10 });
    page.gateway.on("GET", "/api/auctions/7", { status: 200, body: newer });
    await pass(3_500);
    expect(price()).toBe("₩20,000");
  });

  it("a bid goes over HTTP, under one key", async () => {
    const page = await withoutSocket();
    const receipt = { bid_id: "b", key: "k", auction_id: 7, amount: 13_000, kind: "exact" };
    const outcome = { status: "accepted", standing: "leading", code: null };
    page.gateway.on("POST", "/api/auctions/7/bids", {
      status: 200,
      body: { ...receipt, ...outcome },
    });
    fireEvent.click(bid());
    await pass(100);
    const sent = page.gateway.requests.filter(
      ({ method, path }) => method === "POST" && path.endsWith("/bids"),
    );
    expect(sent).toMatchObject([{ body: { amount: 13_000, kind: "exact", confirm: false } }]);
    expect(sent[0]?.headers["Idempotency-Key"]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("a connection is tried at once when the server is reached again", async () => {
    const page = await withoutSocket();
    page.gateway.on("GET", "/api/auctions/7", null);
    await pass(4_000);
    expect(isStale()).toBe(true);
    const before = page.gateway.sockets.length;
    page.socket.drop(1006);
    page.gateway.on("GET", "/api/auctions/7", { status: 200, body: auction(told) });
    await pass(3_500);
    expect(page.gateway.sockets.length).toBeGreaterThan(before);
    expect(isStale()).toBe(false);
  });
});

describe("a page that gave way to a newer one", () => {
  it("says so, and continues here when asked", async () => {
    const page = await live();
    const { ConnectionBar } = await import("../../src/parts/connection-bar");
    const { render } = await import("@testing-library/preact");
    render(<ConnectionBar />);
    page.socket.drop(4409);
    await pass(60_000);
    expect(page.gateway.sockets).toHaveLength(1);
    expect(screen.getByText(/too many tabs/)).toBeTruthy();
    expect(isStale()).toBe(true);
    fireEvent.click(screen.getByRole("button", { name: "Continue here" }));
    expect(page.gateway.sockets).toHaveLength(2);
  });

  it("shows the auction all the same, once, as old", async () => {
    const page = await PageUnderTest.start();
    page.gateway.on("GET", "/api/auctions/7", { status: 200, body: auction(told) });
    page.gateway.on("GET", "/api/auctions/7/bids", { status: 200, body: { items: [] } });
    const { AuctionPage } = await import("../../src/pages/auction");
    const { render } = await import("@testing-library/preact");
    render(<AuctionPage id={7} />);
    page.socket.drop(4409);
    await pass(30_000);
    expect([price(), isStale()]).toEqual(["₩12,000", true]);
    const reads = page.gateway.requests.filter(({ path }) => path === "/api/auctions/7");
    expect(reads).toHaveLength(1);
  });
});

describe("a chat that could not be entered", () => {
  it("is entered when the connection is there again", async () => {
    const page = await PageUnderTest.start();
    page.gateway.on("POST", "/api/rooms", null);
    page.gateway.on("POST", "/api/rooms/5/join", { status: 200, body: {} });
    await page.showAuction(auction());
    await pass(100);
    expect(screen.getByText("The server cannot be reached.")).toBeTruthy();
    page.gateway.on("POST", "/api/rooms", { status: 200, body: { id: 5 } });
    page.socket.drop(1006);
    await pass(1_000);
    await page.socket.welcome();
    await pass(100);
    expect(page.socket.sent).toContainEqual(expect.objectContaining({ channel: "room:5" }));
  });
});

describe("a socket whose token is refused", () => {
  it("is no log-out while the refresh cannot be answered, and comes back with a new token", async () => {
    const page = await live();
    page.gateway.on("POST", "/api/auth/refresh", { status: 503 });
    page.socket.drop(4401);
    await pass(100);
    page.socket.onopen?.(new Event("open"));
    await pass(100);
    const { user, isRestoring } = await import("../../src/store/session");
    expect([user.value?.nickname, isRestoring.value]).toEqual(["Soo", true]);
    const fresh = { status: 200, body: tokens({ access_token: "newer" }) };
    page.gateway.on("POST", "/api/auth/refresh", fresh);
    for (let turn = 0; turn < 20 && page.socket.sent.length === 0; turn += 1) {
      await pass(500);
      page.socket.onopen?.(new Event("open"));
      await pass(0);
    }
    expect(page.socket.last("auth").token).toBe("newer");
  });

  it("is a log-out when the refresh is refused, too", async () => {
    const page = await live();
    page.gateway.on("POST", "/api/auth/refresh", { status: 401 });
    page.socket.drop(4401);
    await pass(100);
    page.socket.onopen?.(new Event("open"));
    await pass(0);
    const { user } = await import("../../src/store/session");
    expect(user.value).toBeNull();
  });
});

describe("a session that is being taken up", () => {
  it("is not a log-out: no log-in is asked for", async () => {
    const page = await PageUnderTest.start({ refresh: { status: 503 } });
    await page.showAuction(auction());
    expect(screen.queryByText("Log in to bid")).toBeNull();
    expect(screen.getAllByText("Taking up your session again…").length).toBeGreaterThan(0);
  });
});
