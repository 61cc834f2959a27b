import { expect, it } from "vitest";
import { chooseLanguage } from "../../src/i18n";
import { noticeText } from "../../src/parts/notice-text";
import type { Notice } from "../../src/protocol";
import { notice } from "../builders";

const KINDS: readonly Notice["kind"][] = [
  "outbid",
  "won",
  "lost",
  "sold",
  "unsold",
  "ending_soon",
  "cancelled",
  "voided",
  "leading",
];

it.each(["ko", "en"] as const)("names the product and leaves no gap (%s)", (language) => {
  chooseLanguage(language);
  for (const kind of KINDS) {
    for (const price of [11_000, null]) {
      if (price === null && !["lost", "unsold"].includes(kind)) continue;
      const text = noticeText(
        notice({ kind, params: { product: "달항아리", price, currency: "KRW" } }),
      );
      expect(text).toContain("달항아리");
      expect(text).not.toMatch(/[–{}]|undefined|null/);
    }
  }
  chooseLanguage("en");
});

it("does not name a price that an unsold lot does not have", () => {
  const text = noticeText(notice({ kind: "lost", params: { product: "Jar", price: null } }));
  expect(text).toBe("Jar: the auction has ended unsold; the reserve was not met.");
});

it("says why an auction was cancelled", () => {
  const params = { product: "Jar", reason: "It broke" };
  expect(noticeText(notice({ kind: "cancelled", params }))).toContain("It broke");
});
