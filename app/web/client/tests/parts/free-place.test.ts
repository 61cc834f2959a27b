import { describe, expect, it } from "vitest";
import { freeTop } from "../../src/parts/free-place";

const span = (top: number, bottom: number) => ({ top, bottom });

describe("freeTop", () => {
  it("is at the bottom when nothing is there", () => {
    expect(freeTop(100, 800, [])).toBe(692);
  });

  it("is just above a control at the bottom", () => {
    expect(freeTop(100, 800, [span(740, 790)])).toBe(632);
  });

  it("is the lowest gap that is large enough", () => {
    expect(freeTop(100, 800, [span(600, 790), span(500, 550), span(300, 340)])).toBe(392);
  });

  it("is nowhere when controls leave no gap", () => {
    expect(freeTop(100, 300, [span(90, 130), span(200, 240)])).toBeNull();
  });

  it("is not off the screen", () => {
    expect(freeTop(100, 300, [span(60, 290), span(-500, -400)])).toBeNull();
    expect(freeTop(100, 300, [span(400, 500)])).toBe(192);
  });
});
