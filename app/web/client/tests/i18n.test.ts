import { afterEach, describe, expect, it } from "vitest";
import { catalogues, chooseLanguage, errorText, firstLanguage, language, t, tn } from "../src/i18n";

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

afterEach(() => chooseLanguage("en"));

describe("catalogues", () => {
  it.each(Object.entries(catalogues))("%s has every text, none empty", (_, catalogue) => {
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(catalogues.en).sort());
    expect(Object.values(catalogue).every((text) => text.trim() !== "")).toBe(true);
  });

  it.each(Object.entries(catalogues))("%s names the same values in each text", (_, catalogue) => {
    for (const [key, text] of Object.entries(catalogues.en)) {
      expect([key, names(catalogue[key as keyof typeof catalogue])]).toEqual([key, names(text)]);
    }
  });
});

describe("language", () => {
  it("is the remembered one, else the browser's first that there is, else English", () => {
    expect(firstLanguage("ko", ["en-GB"])).toBe("ko");
    expect(firstLanguage(null, ["fr-FR", "ko-KR", "en"])).toBe("ko");
    expect(firstLanguage("xx", ["fr"])).toBe("en");
  });

  it("is remembered when chosen, and texts follow it", () => {
    chooseLanguage("ko");
    expect(localStorage.getItem("language")).toBe("ko");
    expect(language.value).toBe("ko");
    expect(t("bidder.alias", { alias: 7 })).toBe("입찰자 7");
    chooseLanguage("en");
    expect(t("bidder.alias", { alias: 7 })).toBe("Bidder 7");
  });

  it("counts in its own plural forms", () => {
    chooseLanguage("en");
    expect([tn("bids.count", 1), tn("bids.count", 1_200)]).toEqual(["1 bid", "1,200 bids"]);
    chooseLanguage("ko");
    expect(tn("bids.count", 1)).toBe("입찰 1회");
  });

  it("words an unknown error code", () => {
    expect(errorText("NEVER_HEARD_OF")).toBe(t("error.other"));
  });
});
