import { describe, expect, it } from "vitest";
import { remaining } from "../src/format/countdown";
import { majorText, moneyText, parseMoney } from "../src/format/money";
import { ServerClock } from "../src/wire/server-clock";

describe("money", () => {
  it("is shown in the currency's own digits", () => {
    expect(moneyText(1_234_500, "KRW", "ko")).toBe("₩1,234,500");
    expect(moneyText(1_234_505, "USD", "en")).toBe("$12,345.05");
    expect(moneyText(5, "USD", "en")).toBe("$0.05");
    expect(moneyText(1_000_000_000_000, "KRW", "en")).toBe("₩1,000,000,000,000");
  });

  it.each([
    ["12000", "KRW", 12_000],
    [" 12,000 ", "KRW", 12_000],
    ["12.5", "USD", 1_250],
    ["0.29", "USD", 29],
    ["19.99", "EUR", 1_999],
    ["1000000000000", "KRW", 1_000_000_000_000],
  ] as const)("reads %s %s", (text, currency, amount) => {
    expect(parseMoney(text, currency)).toBe(amount);
  });

  it.each([
    ["", "KRW"],
    ["0", "KRW"],
    ["-5", "KRW"],
    ["1.5", "KRW"],
    ["1.234", "USD"],
    ["1e5", "KRW"],
    ["1000000000001", "KRW"],
    ["abc", "USD"],
  ] as const)("refuses %j %s", (text, currency) => {
    expect(parseMoney(text, currency)).toBeNull();
  });

  it("reads back what it writes", () => {
    for (const amount of [1, 5, 99, 100, 1_234_567]) {
      expect(parseMoney(majorText(amount, "USD"), "USD")).toBe(amount);
    }
  });
});

describe("countdown", () => {
  it.each([
    [0, 0, "0:00"],
    [1, 0, "0:01"],
    [59_000, 0, "0:59"],
    [61_000, 0, "1:01"],
    [3_661_000, 0, "1:01:01"],
    [90_061_000, 1, "1:01:01"],
    [86_460_000, 1, "0:01:00"],
    [-5_000, 0, "0:00"],
  ])("with %i ms left shows %i days and %s", (leftMs, days, clock) => {
    expect(remaining(1_000_000 + leftMs, 1_000_000)).toMatchObject({ days, clock });
  });
});

describe("ServerClock", () => {
  it("believes the sample with the shortest round trip", () => {
    let localMs = 1_000;
    const clock = new ServerClock(() => localMs);
    clock.guess(9_000);
    expect(clock.nowMs()).toBe(9_000);
    localMs = 1_400;
    clock.sample(1_000, 5_200);
    expect(clock.nowMs()).toBe(5_400);
    localMs = 1_500;
    clock.sample(1_480, 6_490);
    expect(clock.nowMs()).toBe(6_500);
    localMs = 2_500;
    clock.sample(1_500, 99_999);
    expect(clock.nowMs()).toBe(7_500);
  });
});
