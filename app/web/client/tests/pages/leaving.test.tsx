/** Who goes elsewhere while the server takes its time is not fetched back by its answer. */
import { fireEvent, render, screen } from "@testing-library/preact";
import { act } from "preact/test-utils";
import { afterEach, expect, it, vi } from "vitest";
import { tokens } from "../builders";
import type { Answer } from "../fake-gateway";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

afterEach(() => void vi.unstubAllGlobals());

/** Shows the whole page at `path`; the function returned answers its POST to `endpoint`. */
async function open(path: string, endpoint: string, { isSignedIn }: { isSignedIn: boolean }) {
  history.replaceState(null, "", path);
  const page = await PageUnderTest.start({ isSignedIn });
  const answer = page.gateway.hold("POST", endpoint);
  const { App } = await import("../../src/app");
  render(<App />);
  return (told: Answer) => act(async () => answer(told));
}

async function press(role: "link" | "button", name: string): Promise<void> {
  await act(async () => {
    fireEvent.click(screen.getByRole(role, { name }));
  });
}

it("a log-out leads to the front page at once, and its answer nowhere", async () => {
  const answer = await open("/notices", "/api/auth/logout", { isSignedIn: true });
  await press("button", "Log out");
  expect(location.pathname).toBe("/");
  await press("link", "Log in");
  await answer({ status: 204 });
  expect(location.pathname).toBe("/login");
});

it("a log-in leads to where its visitor wanted to be", async () => {
  const answer = await open("/login?next=/notices", "/api/auth/login", { isSignedIn: false });
  await press("button", "Log in");
  await answer({ status: 200, body: tokens() });
  await eventually(() => expect(location.pathname).toBe("/notices"));
});

it("a log-in leads nowhere whose visitor has left its page", async () => {
  const answer = await open("/login?next=/notices", "/api/auth/login", { isSignedIn: false });
  await press("button", "Log in");
  await press("link", "Sell");
  await answer({ status: 200, body: tokens() });
  await screen.findByRole("button", { name: "Log out" });
  expect(location.pathname).toBe("/sell");
});
