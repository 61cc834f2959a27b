import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { ConfirmBid } from "../../src/parts/confirm-bid";

it("asks with the amount, takes the focus, and bids only on yes", async () => {
  const onYes = vi.fn();
  render(<ConfirmBid amount="₩60,000" onYes={onYes} />);
  expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Are you sure?" }));
  await userEvent.click(screen.getByRole("button", { name: "Yes, bid ₩60,000" }));
  expect(onYes).toHaveBeenCalledOnce();
});
