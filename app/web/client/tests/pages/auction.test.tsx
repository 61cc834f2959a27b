import { fireEvent, screen } from "@testing-library/preact";
import { afterEach, expect, it, vi } from "vitest";
import { ASK_AFTER_MS } from "../../src/wire/bid-book";
import { auction, bidResult } from "../builders";
import { PageUnderTest, pass } from "../page";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("shows the price of the snapshot, then that of each newer state", async () => {
  const page = await PageUnderTest.start();
  await page.showAuction(auction({ price: 10_000 }));
  expect(screen.getByTestId("price").textContent).toBe("₩10,000");
  await page.state(auction({ version: 4, price: 11_000 }));
  expect(screen.getByTestId("price").textContent).toBe("₩11,000");
  await page.state(auction({ version: 2, price: 9_000 }));
  expect(screen.getByTestId("price").textContent).toBe("₩11,000");
});

it("knows the viewer's lead also from the answer about a bid whose result was lost", async () => {
  vi.useFakeTimers();
  const page = await PageUnderTest.start();
  await page.showAuction(auction());
  fireEvent.click(screen.getByRole("button", { name: /^Bid/ }));
  await page.answer("bid.place", { type: "bid.received", bid_id: "b" });
  await page.state(auction({ version: 4, bid_count: 4, price: 11_000, leader: { alias: 4 } }));
  await pass(ASK_AFTER_MS);
  const { type: _, ...outcome } = bidResult(page.bids[0]?.key ?? "");
  await page.answer("bid.status", { ...outcome, type: "bid.status" });
  expect(screen.getByTestId("outcome").textContent).toBe("Your bid of ₩11,000 leads.");
  expect(screen.getByTestId("standing").textContent).toContain("You lead");
});
