import { describe, expect, it } from "vitest";
import { remaining } from "../src/format/countdown";
import { majorText, moneyText, readMoney } from "../src/format/money";
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
    ["１５０００", "KRW", 15_000],
    ["１５，０００", "KRW", 15_000],
    ["15000원", "KRW", 15_000],
    ["15,000 원", "KRW", 15_000],
    ["₩15,000", "KRW", 15_000],
    ["￦15,000", "KRW", 15_000],
    ["KRW 15 000", "KRW", 15_000],
    ["15\u202f000 won", "KRW", 15_000],
    ["¥1,500", "JPY", 1_500],
    ["￥1500", "JPY", 1_500],
    ["1500円", "JPY", 1_500],
    ["12.5", "USD", 1_250],
    ["$1,234.05", "USD", 123_405],
    ["1,150", "USD", 115_000],
    ["1.15 USD", "USD", 115],
    ["0.29", "USD", 29],
    ["19.99€", "EUR", 1_999],
    ["1000000000000", "KRW", 1_000_000_000_000],
  ] as const)("reads %j %s", (text, currency, amount) => {
    expect(readMoney(text, currency)).toEqual({ amount, fault: null });
  });

  it.each([
    ["", "KRW", "EMPTY"],
    [" 원 ", "KRW", "EMPTY"],
    ["0", "KRW", "TOO_SMALL"],
    ["0.00", "USD", "TOO_SMALL"],
    ["1000000000001", "KRW", "TOO_LARGE"],
    ["9".repeat(400), "KRW", "TOO_LARGE"],
    ["-5", "KRW", "UNREADABLE"],
    ["－５", "KRW", "UNREADABLE"],
    ["1e5", "KRW", "UNREADABLE"],
    ["15000.5", "KRW", "UNREADABLE"],
    ["1,15", "KRW", "UNREADABLE"],
    ["1,0000", "KRW", "UNREADABLE"],
    ["15,00,0", "KRW", "UNREADABLE"],
    ["1,000 000", "KRW", "UNREADABLE"],
    ["$15,000", "KRW", "UNREADABLE"],
    ["₩₩1", "KRW", "UNREADABLE"],
    ["1 5", "KRW", "UNREADABLE"],
    ["abc", "USD", "UNREADABLE"],
    ["1.", "USD", "UNREADABLE"],
    ["1,15", "USD", "AMBIGUOUS"],
    ["1,15", "EUR", "AMBIGUOUS"],
    ["1,5", "EUR", "AMBIGUOUS"],
    ["１，１５", "EUR", "AMBIGUOUS"],
    ["1.234,56", "EUR", "AMBIGUOUS"],
    ["1.234", "USD", "AMBIGUOUS"],
    ["15.000", "KRW", "AMBIGUOUS"],
  ] as const)("refuses %j %s as %s", (text, currency, fault) => {
    expect(readMoney(text, currency)).toEqual({ amount: null, fault });
  });

  it("reads back what it writes", () => {
    for (const amount of [1, 5, 99, 100, 1_234_567]) {
      expect(readMoney(majorText(amount, "USD"), "USD").amount).toBe(amount);
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
