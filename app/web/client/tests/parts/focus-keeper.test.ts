/** The focus stays near where it was when what had it goes away. */
import { afterEach, beforeAll, expect, it } from "vitest";
import { keepFocus } from "../../src/parts/focus-keeper";
import { eventually } from "../patience";

beforeAll(keepFocus);
afterEach(() => document.body.replaceChildren());

function build(html: string): HTMLElement {
  document.body.innerHTML = `<main><h1>Page</h1>${html}</main>`;
  const button = document.getElementById("pressed") as HTMLElement;
  button.focus();
  expect(document.activeElement).toBe(button);
  return button;
}

const hasFocus = (text: string) =>
  eventually(() => expect(document.activeElement?.textContent).toBe(text));

it("goes to the heading of the part a button was in", async () => {
  build(`<section><h2>Bid</h2><p><button id="pressed">Send again</button></p></section>`).remove();
  await hasFocus("Bid");
});

it("goes to the heading of the page when the part goes too", async () => {
  const button = build(`<section><h2>Toast</h2><button id="pressed">Close</button></section>`);
  button.closest("section")?.remove();
  await hasFocus("Page");
});

it("goes to what is left of nested parts", async () => {
  build(`<section><h2>Bid</h2><form><button id="pressed">Yes</button></form></section>`)
    .closest("form")
    ?.remove();
  await hasFocus("Bid");
});

it("stays where somebody has put it meanwhile", async () => {
  const button = build(
    `<section><h2>Bid</h2><button id="pressed">Yes</button><button id="other">Bid</button></section>`,
  );
  document.getElementById("other")?.focus();
  button.remove();
  await Promise.resolve();
  expect(document.activeElement?.id).toBe("other");
});
