import { screen } from "@testing-library/preact";
import { afterEach, expect, it, vi } from "vitest";
import { auction } from "../builders";
import { PageUnderTest } from "../page";

afterEach(() => void vi.unstubAllGlobals());

it("shows the price of the snapshot, then that of each newer state", async () => {
  const page = await PageUnderTest.start();
  await page.showAuction(auction({ price: 10_000 }));
  expect(screen.getByTestId("price").textContent).toBe("₩10,000");
  await page.state(auction({ version: 4, price: 11_000 }));
  expect(screen.getByTestId("price").textContent).toBe("₩11,000");
  await page.state(auction({ version: 2, price: 9_000 }));
  expect(screen.getByTestId("price").textContent).toBe("₩11,000");
});
