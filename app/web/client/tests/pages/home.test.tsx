/** The list of auctions: what is searched for, what was not found, what the address says. */
import { act, render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { auction } from "../builders";
import { PageUnderTest, pass } from "../page";
import { eventually } from "../patience";

let page: PageUnderTest;
let found: object[];

beforeEach(() => {
  found = [auction()];
});

afterEach(() => void vi.useRealTimers());

async function show(address = "/", state: object | null = null): Promise<void> {
  history.replaceState(state, "", address);
  page = await PageUnderTest.start({ isSignedIn: false });
  page.gateway.on("GET", "/api/auctions", () => ({
    status: 200,
    body: { items: found, next_cursor: null },
  }));
  const { HomePage } = await import("../../src/pages/home");
  render(<HomePage />);
  await eventually(() => expect(screen.queryByText("Loading…")).toBeNull());
}

const box = () => screen.getByRole("searchbox") as HTMLInputElement;
const lastQuery = () => page.gateway.requests.at(-1)?.query;

it("searches for what was typed, spaces and all", async () => {
  await show();
  await userEvent.type(box(), "Film camera ");
  expect(box().value).toBe("Film camera ");
  await eventually(() => expect(lastQuery()?.query).toBe("Film camera"));
  expect(box().value).toBe("Film camera ");
});

it("keeps what is typed while the list is being asked for what was typed before", async () => {
  await show();
  const type = (text: string) => {
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  };
  await act(async () => type("Film cam"));
  const asking = new Promise<void>((resolve) => {
    const replace = history.replaceState;
    vi.spyOn(history, "replaceState").mockImplementationOnce((...state) => {
      replace.apply(history, state);
      resolve();
    });
  });
  await asking;
  type("Film camera");
  await eventually(() => expect(lastQuery()?.query).toBe("Film camera"));
  expect(box().value).toBe("Film camera");
});

it("says that nothing was found for what was searched, not that there are no auctions", async () => {
  found = [];
  await show();
  expect(screen.getByRole("status").textContent).toBe("No auctions here yet.");
  await userEvent.type(box(), "Film camera");
  await screen.findByText("Nothing found for “Film camera”.");
});

it("shows what the address says, and says in the address what it shows", async () => {
  await show("/?status=closed&query=Film+camera&sort=price");
  expect(lastQuery()).toMatchObject({ status: "closed", query: "Film camera", sort: "price" });
  expect(box().value).toBe("Film camera");
  await userEvent.click(screen.getByRole("radio", { name: "Upcoming" }));
  expect(location.search).toBe("?status=scheduled&query=Film+camera&sort=price");
  await userEvent.clear(box());
  await eventually(() => expect(location.search).toBe("?status=scheduled&sort=price"));
});

it("shows the list as another entry of the history has it", async () => {
  await show();
  await userEvent.type(box(), "jar");
  await eventually(() => expect(location.search).toBe("?query=jar"));
  await act(async () => {
    history.replaceState(null, "", "/?status=closed");
    dispatchEvent(new PopStateEvent("popstate"));
  });
  expect(box().value).toBe("");
  await eventually(() => expect(lastQuery()).toMatchObject({ status: "closed" }));
});

it("reads as many auctions as were shown when the list was left", async () => {
  await show("/", { items: 60, scroll: 900 });
  expect(lastQuery()?.limit).toBe("60");
});

it("adds no page to a list that another is about to replace", async () => {
  await show();
  page.gateway.on("GET", "/api/auctions", ({ query }) => ({
    status: 200,
    body: { items: [auction({ id: query.cursor ? 9 : 8 })], next_cursor: "next" },
  }));
  await userEvent.type(box(), "jar");
  const more = await screen.findByRole("button", { name: "Show more" });
  const answer = page.gateway.hold("GET", "/api/auctions");
  await userEvent.type(box(), "s");
  await eventually(() => expect(lastQuery()?.query).toBe("jars"));
  await userEvent.click(more);
  expect(lastQuery()?.query).toBe("jars");
  expect(lastQuery()?.cursor).toBeUndefined();
  answer({ status: 200, body: { items: [], next_cursor: null } });
  await screen.findByText("Nothing found for “jars”.");
});

it("leaves a list with more pages as it is, though prices came before its first", async () => {
  vi.useFakeTimers();
  page = await PageUnderTest.start({ isSignedIn: false });
  const answer = page.gateway.hold("GET", "/api/auctions");
  const { HomePage } = await import("../../src/pages/home");
  render(<HomePage />);
  await page.socket.welcome();
  const { id, price, bid_count, version, status } = auction({ id: 99 });
  const items = [{ id, price, bid_count, version, status }];
  await page.answer("subscribe", { type: "subscribed", channel: "auctions", items });
  await act(async () => answer({ status: 200, body: { items: found, next_cursor: "next" } }));
  const before = page.gateway.requests.length;
  await pass(3_000);
  expect(page.gateway.requests).toHaveLength(before);
  expect(screen.getByRole("button", { name: "Show more" })).toBeTruthy();
});

it("reads prices and new auctions over HTTP while no socket can be had", async () => {
  vi.useFakeTimers();
  await show();
  page.socket.drop(1006);
  found = [auction({ price: 12_000, bid_count: 4, version: 9 }), auction({ id: 8 })];
  await pass(5_000);
  expect(screen.getAllByRole("listitem")).toHaveLength(2);
  expect(screen.getByText("₩12,000")).toBeTruthy();
});

it("reads no list over HTTP while prices are pushed", async () => {
  vi.useFakeTimers();
  await show();
  await page.socket.welcome();
  const before = page.gateway.requests.length;
  await pass(3_000);
  expect(page.gateway.requests).toHaveLength(before);
});
