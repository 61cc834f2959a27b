/** How an auction's end is told: to the winner, a loser, the seller, a guest; in both languages. */
import { screen } from "@testing-library/preact";
import { describe, expect, it } from "vitest";
import type { Auction } from "../../src/protocol";
import { auction, MINE, SOO } from "../builders";
import { PageUnderTest } from "../page";

const ENDED = { status: "closed", closed_at: "2030-01-02T00:00:00.000Z" } as const;
const SOLD = { ...ENDED, winner: { alias: 4, amount: 10_000 }, leader: { alias: 4 } };

function mine(standing: "won" | "lost" | "leading" | "none", alias: number | null = 4) {
  return { ...MINE, standing, alias };
}

async function show(change: Partial<Auction>, language: "ko" | "en" = "en"): Promise<string> {
  localStorage.setItem("language", language);
  const page = await PageUnderTest.start();
  await page.showAuction(auction(change));
  localStorage.setItem("language", "en");
  return document.querySelector(".auction")?.textContent ?? "";
}

const count = (text: string, part: string) => text.split(part).length - 1;

describe("the winner", () => {
  const won = { ...SOLD, mine: mine("won"), winner_user: { id: SOO.id, nickname: SOO.nickname } };

  it("is told once, and not of themselves as somebody", async () => {
    const text = await show(won);
    expect(count(text, "You won")).toBe(1);
    expect(text).not.toContain("The winner is");
    expect(screen.queryByTestId("standing")).toBeNull();
  });

  it("is told once in Korean too", async () => {
    const text = await show(won, "ko");
    expect(count(text, "낙찰되었습니다")).toBe(1);
    expect(text).not.toContain("낙찰자는");
  });
});

describe("others", () => {
  it("a loser is told who has it, and that it is not they", async () => {
    const text = await show({ ...SOLD, mine: mine("lost", 2) });
    expect(count(text, "You did not win")).toBe(1);
    expect(text).toContain("Sold to Bidder 4 for ₩10,000");
  });

  it("the seller is told who the winner is", async () => {
    const seller = { id: SOO.id, nickname: SOO.nickname };
    const text = await show({ ...SOLD, seller, winner_user: { id: 5, nickname: "Anna" } });
    expect(text).toContain("The winner is Anna");
  });

  it("nobody leads a cancelled auction", async () => {
    const text = await show({ status: "cancelled", leader: { alias: 4 }, mine: mine("leading") });
    expect(text).toContain("Cancelled by the seller");
    expect(text).not.toContain("You lead");
    expect(text).toContain("Last price");
  });
});

describe("an unsold auction", () => {
  it("with bids says why, and calls its price no final one", async () => {
    const text = await show({ ...ENDED, leader: { alias: 4 }, reserve: "not_met" });
    expect(text).toContain("the reserve was not met");
    expect(text).not.toContain("Final price");
  });

  it.each([
    ["en", "Nobody has bid.", "Be the first"],
    ["ko", "입찰이 없었습니다.", "첫 입찰자"],
  ] as const)("without bids invites nobody to bid first (%s)", async (language, said, invited) => {
    const text = await show({ ...ENDED, bid_count: 0, leader: null }, language);
    expect(text).toContain(said);
    expect(text).not.toContain(invited);
  });
});

describe("an auction without bids invites to bid first", () => {
  const none = { bid_count: 0, leader: null } as const;
  const seller = { id: SOO.id, nickname: SOO.nickname };

  it.each([
    ["while it is open", none, true],
    ["not before it begins", { ...none, status: "scheduled" as const }, false],
    ["not its seller", { ...none, seller }, false],
  ])("%s", async (_, change, invites) => {
    expect((await show(change)).includes("Be the first")).toBe(invites);
  });
});

it.each([
  ["en", "You lead", "You leads"],
  ["ko", "최고 입찰자입니다", "최고 입찰: 나"],
] as const)(
  "who leads is told so once, in the right person (%s)",
  async (language, said, wrong) => {
    const text = await show({ leader: { alias: 4 }, mine: mine("leading") }, language);
    expect(count(text, said)).toBe(1);
    expect(text).not.toContain(wrong);
  },
);

it("an auction that nobody leads says once that there are no bids", async () => {
  const text = await show({ bid_count: 0, leader: null });
  expect(count(text, "No bids yet")).toBe(1);
});
