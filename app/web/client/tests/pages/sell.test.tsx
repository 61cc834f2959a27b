/** Selling: the server's clock, the server's faults in words, the focus on the first of them. */
import { fireEvent, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

const MINUTE_MS = 60_000;
const SLOW_MS = 10_000; // of a machine that has much else to do

let page: PageUnderTest;

async function show(language: "ko" | "en" = "en"): Promise<void> {
  localStorage.setItem("language", language);
  page = await PageUnderTest.start();
  page.gateway.on("POST", "/api/products", {
    status: 201,
    body: { id: 70, created_at: new Date().toISOString() },
  });
  const { SellPage } = await import("../../src/pages/sell");
  render(<SellPage />);
  localStorage.setItem("language", "en");
}

function refuse(...errors: { field: string; code: string }[]): void {
  page.gateway.on("POST", "/api/auctions", { status: 422, body: { code: "INVALID", errors } });
}

async function fill(fields: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    await userEvent.type(screen.getByLabelText(label), text);
  }
}

const send = (name = "Start the auction") => userEvent.click(screen.getByRole("button", { name }));
const sent = () => page.gateway.requests.find(({ path }) => path === "/api/auctions")?.body;

it("an empty form is told of all that is missing at once, and the first has the focus", async () => {
  await show();
  await send();
  const [name, price] = ["Name", "Starting price"].map((label) => screen.getByLabelText(label));
  for (const input of [name, price]) expect(input?.getAttribute("aria-invalid")).toBe("true");
  await eventually(() => expect(document.activeElement).toBe(name));
  expect(page.gateway.requests.map(({ path }) => path)).not.toContain("/api/products");
});

describe("the server's fault", () => {
  it.each([
    ["reserve_price", "TOO_LOW", "Reserve (optional)", "The reserve must not be under"],
    ["buy_now_price", "TOO_LOW", "Buy now (optional)", "This must be above the starting price"],
    ["starts_at", "TOO_LATE", "Starts at (optional)", "at most 90 days ahead"],
    ["ends_at", "OUT_OF_RANGE", "Starts at (optional)", "5 seconds to 90 days"],
  ])("of %s, %s, is told in its words and has the focus", async (field, code, label, words) => {
    await show();
    refuse({ field, code });
    await fill({ Name: "Jar", "Starting price": "5000", "Reserve (optional)": "100" });
    await send();
    const input = await eventually(() => {
      const found = screen.getByLabelText(label);
      expect(found.getAttribute("aria-invalid")).toBe("true");
      return found;
    });
    const about = document.getElementById(input.getAttribute("aria-describedby") ?? "");
    expect(about?.textContent).toContain(words);
    await eventually(() => expect(document.activeElement).toBe(input));
  });

  it("is told in Korean too", async () => {
    await show("ko");
    refuse({ field: "reserve_price", code: "TOO_LOW" });
    await fill({ 이름: "항아리", 시작가: "5000", "최저 낙찰가 (선택)": "100" });
    await send("경매 시작하기");
    await screen.findByText("최저 낙찰가는 시작가보다 낮을 수 없습니다.");
  });

  it("of several gives the focus to the first", async () => {
    await show();
    refuse(
      { field: "buy_now_price", code: "TOO_LOW" },
      { field: "reserve_price", code: "TOO_LOW" },
    );
    await fill({
      Name: "Jar",
      "Starting price": "5000",
      "Reserve (optional)": "100",
      "Buy now (optional)": "90",
    });
    await send();
    await eventually(() =>
      expect(document.activeElement).toBe(screen.getByLabelText("Reserve (optional)")),
    );
  });
});

describe("the length", () => {
  beforeEach(async () => {
    await show();
    refuse();
    await fill({ Name: "Jar", "Starting price": "5000" });
    await userEvent.selectOptions(screen.getByLabelText("Runs for"), "5 minutes");
  });

  const endsInMs = (nowMs: number) =>
    Date.parse((sent() as { ends_at: string }).ends_at) - nowMs - 5 * MINUTE_MS;

  it("counts from the server's time, not the browser's", async () => {
    const { clock } = await import("../../src/store/live");
    const aheadMs = 10 * MINUTE_MS;
    clock.reset();
    clock.guess(Date.now() - aheadMs);
    await send();
    await eventually(() => expect(sent()).toBeTruthy());
    expect(Math.abs(endsInMs(Date.now() - aheadMs))).toBeLessThan(SLOW_MS);
  });

  it("counts from the server's time without a connection too", async () => {
    const { clock } = await import("../../src/store/live");
    clock.reset();
    const serverMs = Date.now() - 10 * MINUTE_MS;
    const created_at = new Date(serverMs).toISOString();
    page.gateway.on("POST", "/api/products", { status: 201, body: { id: 70, created_at } });
    await send();
    await eventually(() => expect(sent()).toBeTruthy());
    expect(Math.abs(endsInMs(serverMs))).toBeLessThan(SLOW_MS);
  });

  it("counts from now when the start is past", async () => {
    fireEvent.input(screen.getByLabelText("Starts at (optional)"), {
      target: { value: "2020-01-01T10:00" },
    });
    await send();
    await eventually(() => expect(sent()).toBeTruthy());
    expect(Math.abs(endsInMs(Date.now()))).toBeLessThan(SLOW_MS);
  });
});
