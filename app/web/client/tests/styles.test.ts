/** What WCAG asks of the controls' looks, read from the styles themselves. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/styles/base.css", "utf-8");

/** A colour variable: its light and its dark value. */
function colours(name: string): [light: string, dark: string] {
  const found = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
  if (!found?.[1] || !found[2]) throw new Error(`no colour --${name}`);
  return [found[1], found[2]];
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("in %s colours", (_, index) => {
  it.each(["ground", "raised"])("the edge of a control stands out from the %s", (behind) => {
    expect(contrast(colours("edge")[index], colours(behind)[index])).toBeGreaterThanOrEqual(3);
  });

  it.each(["ink", "soft-ink", "accent", "bad", "good"])("text in %s is readable", (text) => {
    for (const behind of ["ground", "raised"]) {
      expect(contrast(colours(text)[index], colours(behind)[index])).toBeGreaterThanOrEqual(4.5);
    }
  });
});
