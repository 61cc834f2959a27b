import { fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { auction, bidResult } from "../builders";
import { PageUnderTest, pass } from "../page";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const amount = () => screen.getByLabelText("Amount") as HTMLInputElement;
const dialog = () => screen.queryByRole("alertdialog");
const reason = () => {
  const id = dialog()?.getAttribute("aria-describedby") ?? "";
  return document.getElementById(id)?.textContent;
};

/** A page on which a bid of 60,000 was told to need a confirmation. */
async function asked(told = auction()): Promise<PageUnderTest> {
  const page = await PageUnderTest.start();
  await page.showAuction(told);
  fireEvent.input(amount(), { target: { value: "60000" } });
  const bid = screen.getByRole("button", { name: "Bid ₩60,000" });
  bid.focus();
  fireEvent.click(bid);
  const refusal = { status: "rejected", standing: null, code: "CONFIRM_NEEDED", price: 10_000 };
  await page.say(bidResult(page.bids[0]?.key ?? "", refusal as never));
  await pass(100);
  return page;
}

describe("a bid that needs confirmation", () => {
  it("says that it is more than five times the price", async () => {
    await asked();
    expect(reason()).toContain("₩60,000 is more than five times the price, which is ₩10,000.");
  });

  it("says that it buys at once, and for how much", async () => {
    await asked(auction({ buy_now_price: 55_000 }));
    expect(reason()).toContain("You buy at once for ₩55,000");
    expect(screen.getByRole("button", { name: "Yes, buy for ₩55,000" })).toBeTruthy();
  });

  it("takes the focus, and bids the same amount with confirmation on yes", async () => {
    const page = await asked();
    expect(document.activeElement?.textContent).toBe("Are you sure?");
    fireEvent.click(screen.getByRole("button", { name: "Yes, bid ₩60,000" }));
    expect(page.bids).toMatchObject([
      { amount: 60_000, confirm: false },
      { amount: 60_000, confirm: true },
    ]);
    expect(page.bids[0]?.key).not.toBe(page.bids[1]?.key);
    await pass(100);
    expect((document.activeElement as HTMLButtonElement).type).toBe("submit");
  });

  it.each(["no", "Escape"])("keeps the amount and gives the focus back on %s", async (how) => {
    const page = await asked();
    if (how === "no") fireEvent.click(screen.getByRole("button", { name: "No, change it" }));
    else fireEvent.keyDown(document.activeElement ?? document.body, { key: "Escape" });
    await pass(100);
    expect(dialog()).toBeNull();
    expect(amount().value).toBe("60000");
    expect((document.activeElement as HTMLButtonElement).type).toBe("submit");
    expect(page.bids).toHaveLength(1);
  });
});
