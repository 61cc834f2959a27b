import { render, screen } from "@testing-library/preact";
import { expect, it, vi } from "vitest";
import { auction } from "../builders";
import { FakeGateway } from "../fake-gateway";

const gateway = FakeGateway.install();

it("shows the price of the snapshot, then that of each newer state", async () => {
  const { AuctionPage } = await import("../../src/pages/auction");
  const { goLive } = await import("../../src/store/live");
  goLive();
  render(<AuctionPage id={7} />);
  await gateway.socket.welcome();
  const { id } = gateway.socket.last("subscribe");
  gateway.socket.say({
    re: id,
    type: "subscribed",
    channel: "auction:7",
    auction: auction(),
    bids: [],
  });
  expect((await screen.findByTestId("price")).textContent).toBe("₩10,000");
  const {
    id: _,
    product: __,
    seller: ___,
    mine: ____,
    ...state
  } = auction({ version: 4, price: 11_000 });
  gateway.socket.say({
    type: "auction.state",
    channel: "auction:7",
    auction_id: 7,
    bids: [],
    from_seq: 4,
    ...state,
  });
  await vi.waitFor(() => expect(screen.getByTestId("price").textContent).toBe("₩11,000"));
});
