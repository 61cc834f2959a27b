/** Toasts: of other auctions than the one on screen, each once, with the product's name. */
import { act, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Notice } from "../../src/protocol";
import { notice, tokens } from "../builders";
import { PageUnderTest, pass } from "../page";

const PARAMS = { product: "Moon jar", price: 11_000, currency: "KRW" };
/** Not the frames a toast finds its place in: there are sixty a second. */
const TIMERS = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] as const;
const now = () => new Date().toISOString();

let page: PageUnderTest;

/** Loads the page anew, at an address; what the browser has kept stays. */
async function load(address: string): Promise<void> {
  history.replaceState(null, "", address);
  page = await PageUnderTest.start();
  const { Toasts } = await import("../../src/parts/toasts");
  render(<Toasts />);
  await page.socket.welcome();
}

async function tell(change: Partial<Notice>): Promise<void> {
  const { kind, ...rest } = notice({ at: now(), params: PARAMS, ...change });
  await page.say({ type: "notice", kind, ...rest });
}

const shown = () => screen.queryAllByTestId("toast").map((toast) => toast.textContent ?? "");
const acks = () => page.socket.sent.filter(({ type }) => type === "notice.ack").map((f) => f.up_to);
const unread = async () => (await import("../../src/store/notices")).notices.value;

beforeEach(() => {
  localStorage.removeItem("notices-shown");
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: [...TIMERS] });
});
afterEach(() => void vi.useRealTimers());

it("name the product", async () => {
  await load("/");
  await tell({});
  expect(shown()).toEqual([expect.stringContaining("Moon jar: you have been outbid")]);
  expect(screen.getByTestId("news").textContent).toContain("Moon jar");
});

it("come one at a time, and go by themselves", async () => {
  await load("/");
  await tell({ id: 1 });
  await tell({ id: 2, params: { ...PARAMS, product: "Film camera" } });
  expect(shown()).toEqual([expect.stringContaining("Moon jar")]);
  await pass(8_000);
  expect(shown()).toEqual([expect.stringContaining("Film camera")]);
  await pass(8_000);
  expect(shown()).toEqual([]);
});

it("stay while somebody has the focus in them", async () => {
  await load("/");
  await tell({});
  screen.getByRole("button", { name: "Close" }).focus();
  await pass(30_000);
  expect(shown()).toHaveLength(1);
});

describe("of the auction on screen", () => {
  it("do not come, and its notices are read", async () => {
    await load("/auctions/7");
    await tell({ id: 3, auction_id: 7 });
    expect(shown()).toEqual([]);
    expect(await unread()).toEqual([]);
    await pass(2_000);
    expect(acks()).toEqual([3]);
  });

  it("go when their reader comes to it", async () => {
    await load("/");
    await tell({ id: 3, auction_id: 7 });
    const { navigate } = await import("../../src/router");
    await act(async () => navigate("/auctions/7"));
    expect(shown()).toEqual([]);
    expect(await unread()).toEqual([]);
  });

  it("are not acknowledged over an older one that is unread", async () => {
    await load("/auctions/7");
    await tell({ id: 3, auction_id: 7 });
    await tell({ id: 2, auction_id: 8 });
    await pass(2_000);
    expect(acks()).toEqual([]);
  });
});

describe("come once", () => {
  it("not again after a reload", async () => {
    await load("/");
    await tell({ id: 3 });
    expect(shown()).toHaveLength(1);
    document.body.replaceChildren();
    await load("/");
    await tell({ id: 3 });
    expect(shown()).toEqual([]);
    expect(await unread()).toHaveLength(1);
  });

  it("not when closed, and then they are read after a reload too", async () => {
    await load("/");
    await tell({ id: 3 });
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(shown()).toEqual([]);
    document.body.replaceChildren();
    await load("/");
    await tell({ id: 3 });
    expect(await unread()).toEqual([]);
  });

  it("not for what is old, like all that waited for a log-in", async () => {
    await load("/");
    await tell({ at: "2020-01-01T00:00:00.000Z" });
    expect(shown()).toEqual([]);
    expect(await unread()).toHaveLength(1);
  });

  it("another user's memory is not this one's", async () => {
    localStorage.setItem(
      "notices-shown",
      JSON.stringify({ userId: tokens().user.id + 1, toldUpTo: 99, seen: [3] }),
    );
    await load("/");
    await tell({ id: 3 });
    expect(shown()).toHaveLength(1);
  });
});
