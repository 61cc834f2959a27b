/** My bids follow what every other page knows. */
import { render, screen } from "@testing-library/preact";
import { beforeEach, expect, it } from "vitest";
import { auction, bidResult, MINE, notice } from "../builders";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

const LED = auction({
  leader: { alias: 4 },
  mine: { ...MINE, standing: "leading", alias: 4, maximum: 10_000 },
});
const LOST_LEAD = { ...LED, version: 4, bid_count: 4, price: 11_000, leader: { alias: 5 } };

let page: PageUnderTest;

async function show(): Promise<void> {
  const { MyBidsPage } = await import("../../src/pages/my-bids");
  page.gateway.on("GET", "/api/me/bids", {
    status: 200,
    body: { items: [LED], next_cursor: null },
  });
  page.gateway.on("GET", "/api/auctions/7", { status: 200, body: LOST_LEAD });
  render(<MyBidsPage />);
  await screen.findByText("You lead");
  await page.socket.welcome();
}

const asks = () => page.gateway.requests.filter(({ path }) => path === "/api/auctions/7").length;

beforeEach(async () => {
  page = await PageUnderTest.start();
  await show();
});

it("say so at once when a notice tells that the viewer is outbid", async () => {
  await page.say({ type: "notice", ...notice({ kind: "outbid" }) });
  expect(await screen.findByText("You have been outbid")).toBeTruthy();
  expect(screen.getByText("₩11,000")).toBeTruthy();
});

it("look again when the price of an auction moves which the viewer leads", async () => {
  const item = { id: 7, price: 11_000, bid_count: 4, status: "open", ends_at: LED.ends_at };
  await page.say({ type: "auctions.price", items: [item] });
  expect(await screen.findByText("You have been outbid")).toBeTruthy();
  expect(asks()).toBe(1);
  await page.say({ type: "auctions.price", items: [{ ...item, bid_count: 5, price: 12_000 }] });
  expect(await screen.findByText("₩12,000")).toBeTruthy();
  expect(asks()).toBe(1); // outbid already: another's bid changes nothing for the viewer
});

it("are not led back by a price that is older than what is known", async () => {
  await page.say({ type: "notice", ...notice({ kind: "outbid" }) });
  await screen.findByText("₩11,000");
  const item = { id: 7, price: 10_000, bid_count: 3, status: "open", ends_at: LED.ends_at };
  await page.say({ type: "auctions.price", items: [item] });
  expect(screen.getByText("₩11,000")).toBeTruthy();
});

it("show the end and what it meant", async () => {
  const won = { ...LED, version: 5, status: "closed", winner: { alias: 4, amount: 10_000 } };
  page.gateway.on("GET", "/api/auctions/7", { status: 200, body: won });
  const item = { id: 7, price: 10_000, bid_count: 3, status: "closed", ends_at: LED.ends_at };
  await page.say({ type: "auctions.price", items: [item] });
  expect(await screen.findByText("You won")).toBeTruthy();
});

it("hear of a bid made elsewhere, as in another tab", async () => {
  await page.say({ type: "notice", ...notice({ kind: "outbid" }) });
  await screen.findByText("You have been outbid");
  await page.say(bidResult("k", { seq: 5 }));
  await eventually(() => expect(screen.getByText("You lead")).toBeTruthy());
});
