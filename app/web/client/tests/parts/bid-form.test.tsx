import { fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { auction, bidResult, MINE } from "../builders";
import { PageUnderTest, pass } from "../page";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const LEADING = auction({
  leader: { alias: 4 },
  mine: { ...MINE, standing: "leading", alias: 4, maximum: 50_000 },
});

const button = (name: RegExp) => screen.getByRole("button", { name });
const amount = () => screen.getByLabelText("Amount") as HTMLInputElement;

async function open(told = auction()): Promise<PageUnderTest> {
  const page = await PageUnderTest.start();
  await page.showAuction(told);
  return page;
}

function press(pressed: HTMLElement): void {
  fireEvent.pointerDown(pressed, { button: 0 });
}

function letGo(pressed: HTMLElement): void {
  fireEvent.pointerUp(pressed, { button: 0 });
  fireEvent.click(pressed);
}

function tap(tapped: HTMLElement): void {
  press(tapped);
  letGo(tapped);
}

describe("pressing the button", () => {
  it("sends what the button said when it was pressed, not what it came to say since", async () => {
    const page = await open();
    const bid = button(/^Bid ₩11,000$/);
    press(bid);
    await page.state(auction({ version: 4, price: 49_000, minimum_next_bid: 50_000 }));
    expect(bid.textContent).toBe("Bid ₩11,000");
    letGo(bid);
    expect(page.bids).toMatchObject([{ amount: 11_000 }]);
  });

  it("holds the amount while the space bar is held, too", async () => {
    const page = await open();
    const bid = button(/^Bid ₩11,000$/);
    fireEvent.keyDown(bid, { key: " " });
    await page.state(auction({ version: 4, price: 49_000, minimum_next_bid: 50_000 }));
    fireEvent.keyUp(bid, { key: " " });
    fireEvent.click(bid);
    expect(page.bids).toMatchObject([{ amount: 11_000 }]);
  });

  it("follows the price again when the finger slid off, and sends nothing", async () => {
    const page = await open();
    const bid = button(/^Bid ₩11,000$/);
    press(bid);
    await page.state(auction({ version: 4, price: 49_000, minimum_next_bid: 50_000 }));
    fireEvent.pointerUp(document.body);
    await pass(500);
    expect(bid.textContent).toBe("Bid ₩50,000");
    expect(page.bids).toEqual([]);
  });

  it("sends the newest amount when the form is sent by the enter key", async () => {
    const page = await open();
    await page.state(auction({ version: 4, price: 49_000, minimum_next_bid: 50_000 }));
    fireEvent.click(button(/^Bid ₩50,000$/));
    expect(page.bids).toMatchObject([{ amount: 50_000 }]);
  });
});

describe("a second tap", () => {
  it("sends nothing before the first bid has its outcome", async () => {
    const page = await open();
    const bid = button(/^Bid ₩11,000$/);
    tap(bid);
    await pass(5_000);
    expect(bid.getAttribute("aria-disabled")).toBe("true");
    tap(bid);
    expect(page.bids).toHaveLength(1);
  });

  it.each([60, 400])("sends nothing %i ms later, though the outcome came meanwhile", async (ms) => {
    const page = await open();
    const bid = button(/^Bid ₩11,000$/);
    tap(bid);
    await page.say(bidResult(page.bids[0]?.key ?? ""));
    await page.state({ ...LEADING, version: 4 });
    await pass(ms);
    expect(bid.textContent).toMatch(/^Raise my maximum/);
    tap(bid);
    expect(page.bids).toHaveLength(1);
  });

  it("does nothing when it was pressed too soon and let go later", async () => {
    const page = await open();
    const bid = button(/^Bid ₩11,000$/);
    tap(bid);
    await page.say(bidResult(page.bids[0]?.key ?? ""));
    press(bid);
    await pass(2_000);
    letGo(bid);
    expect(page.bids).toHaveLength(1);
  });

  it("is a new bid once the first has its outcome and a moment has passed", async () => {
    const page = await open();
    tap(button(/^Bid ₩11,000$/));
    await page.say(bidResult(page.bids[0]?.key ?? "", { standing: "outbid" }));
    await page.state(auction({ version: 4, price: 12_000, minimum_next_bid: 13_000 }));
    await pass(2_000);
    tap(button(/^Bid ₩13,000$/));
    expect(page.bids.map((bid) => bid.amount)).toEqual([11_000, 13_000]);
  });
});

describe("a leader's button", () => {
  it("says that it raises the own maximum, and does that", async () => {
    const page = await open(LEADING);
    expect(screen.queryByRole("radio")).toBeNull();
    tap(button(/^Raise my maximum to ₩51,000$/));
    expect(page.bids).toMatchObject([{ amount: 51_000, kind: "max" }]);
  });

  it("says so in Korean", async () => {
    await open(LEADING);
    const { chooseLanguage } = await import("../../src/i18n");
    chooseLanguage("ko");
    await pass(0);
    expect(button(/내 최대 금액을 ₩51,000까지 올리기/)).toBeTruthy();
    chooseLanguage("en");
  });
});

describe("a typed amount", () => {
  it.each([
    ["１５０００", "Bid ₩15,000"],
    ["15000원", "Bid ₩15,000"],
    ["15,000", "Bid ₩15,000"],
    ["1e5", "Bid"],
  ])("of %s makes the button say %s", async (typed, said) => {
    await open();
    fireEvent.input(amount(), { target: { value: typed } });
    expect(button(/^Bid/).textContent).toBe(said);
  });

  it.each(["1e5", "15000.5", "-5", "1,15"])(
    "of %s cannot be read, which is said; nothing is sent",
    async (typed) => {
      const page = await open();
      fireEvent.input(amount(), { target: { value: typed } });
      tap(button(/^Bid/));
      expect(screen.getByText(/cannot be read as an amount/)).toBeTruthy();
      expect(document.activeElement).toBe(amount());
      expect(page.bids).toEqual([]);
    },
  );

  it("of 1,15 dollars is two sums, and nothing is sent", async () => {
    const page = await open(auction({ currency: "USD" }));
    fireEvent.input(amount(), { target: { value: "1,15" } });
    tap(button(/^Bid/));
    expect(screen.getByText(/could be two different amounts/)).toBeTruthy();
    expect(page.bids).toEqual([]);
  });

  it("stays after a refusal, and makes way for the price once it is accepted", async () => {
    const page = await open();
    fireEvent.input(amount(), { target: { value: "15000" } });
    tap(button(/^Bid/));
    const refusal = { status: "rejected", standing: null, code: "TOO_LOW" } as const;
    await page.say(bidResult(page.bids[0]?.key ?? "", refusal));
    expect(amount().value).toBe("15000");
    await pass(2_000);
    tap(button(/^Bid/));
    await page.say(bidResult(page.bids[1]?.key ?? "", { standing: "outbid" }));
    await pass(0);
    expect(amount().value).toBe("11000");
  });
});

describe("a price that cannot rise", () => {
  it("is said, and there is nothing to send", async () => {
    const page = await open(auction({ minimum_next_bid: null }));
    expect(screen.getByText(/nobody can bid more/)).toBeTruthy();
    tap(button(/^Bid$/));
    expect(page.bids).toEqual([]);
  });
});
