/** The chat's scrolling: whoever reads back is left there; what one says oneself is always seen. */
import { fireEvent, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

const SEEN_PX = 100;
const ALL_PX = 1_000;

let page: PageUnderTest;
let seq = 0;

async function hear(text: string): Promise<void> {
  seq += 1;
  await page.say({
    type: "chat.message",
    channel: "room:5",
    seq,
    message_id: `m${seq}`,
    sender: { id: 2, nickname: "Ben" },
    text,
    at: "2030-01-01T00:00:00.000Z",
  });
  await screen.findByText(text);
}

/** The log, as tall as many messages; a document in memory has no heights of its own. */
const log = () => screen.getByRole("log");

function scrollTo(px: number): void {
  log().scrollTop = px;
  fireEvent.scroll(log());
}

beforeEach(async () => {
  page = await PageUnderTest.start();
  page.gateway
    .on("POST", "/api/rooms", { status: 200, body: { id: 5 } })
    .on("POST", "/api/rooms/5/join", { status: 200, body: {} });
  const { Chat } = await import("../../src/parts/chat");
  render(<Chat auctionId={7} />);
  await page.socket.welcome();
  await eventually(() => page.socket.last("subscribe"));
  await page.answer("subscribe", { type: "subscribed", channel: "room:5", messages: [], seq: 0 });
  Object.defineProperty(log(), "scrollHeight", { value: ALL_PX, configurable: true });
  Object.defineProperty(log(), "clientHeight", { value: SEEN_PX, configurable: true });
  await hear("first");
});

it("follows the newest message from the start", () => {
  expect(log().scrollTop).toBe(ALL_PX);
});

it.each([
  ["at the very top", 0],
  ["in the middle", 400],
])("leaves who reads %s where they are", async (_, px) => {
  scrollTo(px);
  await hear("news");
  expect(log().scrollTop).toBe(px);
});

it("follows again once its reader is back at the end", async () => {
  scrollTo(0);
  scrollTo(ALL_PX - SEEN_PX);
  await hear("news");
  expect(log().scrollTop).toBe(ALL_PX);
});

it("shows what its reader says, wherever they are", async () => {
  scrollTo(400);
  await userEvent.type(screen.getByLabelText("Message"), "mine{Enter}");
  await screen.findByText("mine");
  expect(log().scrollTop).toBe(ALL_PX);
});
