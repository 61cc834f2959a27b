/** What a bidder sees of limits, blocks and voids, and what a seller does about somebody. */
import { fireEvent, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { PublicBid } from "../../src/protocol";
import { auction, bidResult, MINE, SOO } from "../builders";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

afterEach(() => {
  localStorage.setItem("language", "en");
  vi.unstubAllGlobals();
});

const AT = "2030-01-01T00:00:00.000Z";

function row(seq: number, alias: number, change: Partial<PublicBid> = {}): PublicBid {
  return { seq, alias, amount: seq * 10_000, automatic: false, at: AT, ...change };
}

async function open(told = auction(), language: "ko" | "en" = "en"): Promise<PageUnderTest> {
  localStorage.setItem("language", language);
  const page = await PageUnderTest.start();
  await page.showAuction(told);
  return page;
}

const limited = auction({ mine: { ...MINE, limit: 50_000 } });
const text = () => document.querySelector(".auction")?.textContent ?? "";

it.each([
  ["en", "Your bid limit: ₩50,000", "This is above your bid limit, ₩50,000."],
  ["ko", "내 입찰 한도: ₩50,000", "내 입찰 한도(₩50,000)를 넘는 금액입니다."],
] as const)(
  "shows the bid limit, and warns of an amount above it (%s)",
  async (language, said, warned) => {
    await open(limited, language);
    expect(screen.getByTestId("limit").textContent).toBe(said);
    const field = document.querySelector<HTMLInputElement>(".bid-panel .field input");
    fireEvent.input(field as HTMLInputElement, { target: { value: "50001" } });
    expect(screen.getByTestId("limit").textContent).toBe(warned);
  },
);

it("says nothing of a limit that nobody reaches", async () => {
  await open();
  expect(screen.queryByTestId("limit")).toBeNull();
});

it("says why a bid was refused, and learns of the limit that is new", async () => {
  const page = await open();
  const told = { ...limited, version: 4 };
  page.gateway.on("GET", "/api/auctions/7", { status: 200, body: told });
  fireEvent.click(screen.getByRole("button", { name: /^Bid/ }));
  const key = page.bids[0]?.key ?? "";
  const refused = { status: "rejected", standing: null, code: "OVER_LIMIT" } as const;
  await page.say(bidResult(key, refused));
  expect(screen.getByTestId("outcome").textContent).toContain("It is above your bid limit.");
  await eventually(() => expect(screen.getByTestId("limit").textContent).toContain("₩50,000"));
});

it.each([
  ["prove your e-mail address before your first bid", "Please confirm your e-mail address first"],
  ["this account is suspended", "Your account is suspended."],
  ["only admins may", "You may not do this."],
])("says which right is missing: %s", async (detail, said) => {
  const page = await open();
  fireEvent.click(screen.getByRole("button", { name: /^Bid/ }));
  await page.answer("bid.place", { type: "error", code: "FORBIDDEN", detail, retry: false });
  expect(screen.getByTestId("outcome").textContent).toContain(said);
});

it.each([
  ["en", "The seller does not take bids from you.", "No bids yet. Be the first."],
  ["ko", "판매자가 회원님의 입찰을 받지 않습니다.", "첫 입찰자가 되어 보세요."],
] as const)("invites nobody whom the seller has blocked (%s)", async (language, said, invited) => {
  await open(auction({ mine: { ...MINE, blocked: true } }), language);
  expect(text()).toContain(said);
  expect(text()).not.toContain(invited);
  expect(document.querySelector(".bid-panel form")).toBeNull();
});

it("takes in a price that a void lets fall, marks the bids, and tells the voided bidder", async () => {
  const mine = { ...MINE, standing: "leading", alias: 4, maximum: 90_000 } as const;
  const page = await PageUnderTest.start();
  const { AuctionPage } = await import("../../src/pages/auction");
  const told = auction({ price: 90_000, leader: { alias: 4 }, mine });
  render(<AuctionPage id={7} />);
  await page.socket.welcome();
  await page.answer("subscribe", {
    type: "subscribed",
    channel: "auction:7",
    auction: told,
    bids: [row(1, 3), row(2, 4)],
  });
  await page.state(auction({ version: 4, price: 10_000, leader: { alias: 3 }, voided: [4] }));
  expect(screen.getByTestId("price").textContent).toBe("₩10,000");
  expect(screen.queryByTestId("standing")).toBeNull();
  const marks = screen.getAllByTestId("bid").map((bid) => bid.getAttribute("data-voided"));
  expect(marks).toEqual(["true", "false"]);
  expect(screen.getAllByTestId("bid")[0]?.textContent).toContain("voided");
  expect(text()).toContain("Your bids here were voided");
  expect(document.querySelector(".bid-panel form")).toBeNull();
});

it("marks a voided row that was read after the void, too", async () => {
  const { History } = await import("../../src/parts/history");
  render(<History auction={auction()} bids={[row(2, 4, { voided: true }), row(1, 3)]} />);
  const marks = screen.getAllByTestId("bid").map((bid) => bid.getAttribute("data-voided"));
  expect(marks).toEqual(["true", "false"]);
});

it("shows the goods as they were put up, without asking for the product", async () => {
  const product = { id: 70, name: "Moon jar", thumbnail_url: null, description: "White, 1750" };
  const page = await open(auction({ product }));
  expect(text()).toContain("White, 1750");
  expect(page.gateway.requests.map(({ path }) => path)).not.toContain("/api/products/70");
});

const seller = { id: SOO.id, nickname: SOO.nickname };
const sold = auction({
  status: "closed",
  seller,
  leader: { alias: 4 },
  winner: { alias: 4, amount: 10_000 },
  winner_user: { id: 5, nickname: "Anna" },
});

it("lets a seller block somebody and unblock them again", async () => {
  const page = await PageUnderTest.start();
  page.gateway
    .on("GET", "/api/me/blocks", { status: 200, body: { items: [], next_cursor: null } })
    .on("PUT", "/api/me/blocks/5", { status: 204 })
    .on("DELETE", "/api/me/blocks/5", { status: 204 });
  await page.showAuction(sold);
  await userEvent.click(screen.getByRole("button", { name: "Block Anna from your auctions" }));
  await userEvent.click(await screen.findByRole("button", { name: /^Let Anna bid/ }));
  await screen.findByRole("button", { name: "Block Anna from your auctions" });
  const changes = page.gateway.requests.filter(({ path }) => path === "/api/me/blocks/5");
  expect(changes.map(({ method }) => method)).toEqual(["PUT", "DELETE"]);
});

it("lists whom the seller has blocked on the account page, and says when that failed", async () => {
  const page = await PageUnderTest.start();
  const items = [{ user: { id: 5, nickname: "Anna" }, created_at: AT }];
  page.gateway
    .on("GET", "/api/me/blocks", { status: 200, body: { items, next_cursor: null } })
    .on("DELETE", "/api/me/blocks/5", { status: 503, body: { code: "BUSY" } });
  const { AccountBlocks } = await import("../../src/parts/account-blocks");
  render(<AccountBlocks />);
  await screen.findByText(/Anna/);
  await userEvent.click(screen.getByRole("button", { name: /^Let Anna bid/ }));
  await screen.findByText("Too much is going on. Try again in a moment.");
});
