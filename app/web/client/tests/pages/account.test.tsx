/** The account: sessions listed and ended, the password changed, and what an account may not do. */
import { render, screen, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { User } from "../../src/protocol";
import { SOO, tokens } from "../builders";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

const WINDOWS =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
const AT = "2030-01-01T00:00:00.000Z";
const HERE = { id: 1, device: WINDOWS, address: "192.0.2.1", current: true };
const PHONE = { id: 2, device: IPHONE, address: null, current: false };

let page: PageUnderTest;
let listed: object[];

async function show({ user = {} as Partial<User>, refresh = 200 } = {}): Promise<void> {
  const body = tokens({ user: { ...SOO, ...user } });
  page = await PageUnderTest.start({ refresh: { status: refresh, body } });
  listed = [HERE, PHONE];
  page.gateway.on("GET", "/api/me/sessions", () => ({
    status: 200,
    body: {
      items: listed.map((one) => ({ ...one, created_at: AT, last_used_at: AT })),
      next_cursor: null,
    },
  }));
  const { AccountPage } = await import("../../src/pages/account");
  const { AccountBar } = await import("../../src/parts/account-bar");
  render(
    <>
      <AccountBar />
      <AccountPage />
    </>,
  );
}

const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));
const sessions = () => screen.getAllByTestId("session").map(({ textContent }) => textContent);
const deleted = () =>
  page.gateway.requests.filter(({ method }) => method === "DELETE").map(({ path }) => path);

describe("sessions", () => {
  it("are shown by device, last use and address, the own one marked and not to be ended", async () => {
    await show();
    const [here, phone] = await screen.findAllByTestId("session");
    expect(here?.textContent).toContain("Chrome on Windows This device");
    expect(here?.textContent).toContain("192.0.2.1");
    expect(phone?.textContent).toContain("Safari on iPhone");
    expect(within(here as HTMLElement).queryByRole("button")).toBeNull();
  });

  it("end one by one, and the list is read anew", async () => {
    await show();
    await screen.findAllByTestId("session");
    page.gateway.on("DELETE", "/api/me/sessions/2", () => {
      listed = [HERE];
      return { status: 204 };
    });
    await press("Sign out: Safari on iPhone");
    await eventually(() => expect(sessions()).toHaveLength(1));
    expect(deleted()).toEqual(["/api/me/sessions/2"]);
  });

  it("end all but the own one", async () => {
    await show();
    await screen.findAllByTestId("session");
    page.gateway.on("DELETE", "/api/me/sessions", () => {
      listed = [HERE];
      return { status: 204 };
    });
    await press("Sign out all other devices");
    await eventually(() => expect(sessions()).toHaveLength(1));
  });

  it("that cannot be ended now are told of", async () => {
    await show();
    await screen.findAllByTestId("session");
    page.gateway.on("DELETE", "/api/me/sessions", { status: 503, body: { code: "BUSY" } });
    await press("Sign out all other devices");
    expect(await screen.findByText(/Too much is going on/)).toBeTruthy();
  });
});

describe("the password", () => {
  const change = async () => {
    await userEvent.type(screen.getByLabelText("Current password"), "old password");
    await userEvent.type(screen.getByLabelText("New password"), "new password");
    await press("Change the password");
  };

  it("is changed, and one is signed out and told why", async () => {
    await show();
    page.gateway.on("POST", "/api/me/password", { status: 204 });
    await change();
    expect(await screen.findByText(/Your password is changed/)).toBeTruthy();
    expect(screen.getByRole("link", { name: "Log in" })).toBeTruthy();
    const { body } = page.gateway.requests.find(({ path }) => path === "/api/me/password") ?? {};
    expect(body).toEqual({ current: "old password", password: "new password" });
  });

  it("that is not the current one is told at its field, and one stays signed in", async () => {
    await show();
    const errors = [{ field: "current", code: "WRONG" }];
    const refusal = { status: 422, body: { code: "INVALID", errors } };
    page.gateway.on("POST", "/api/me/password", refusal);
    await change();
    expect(await screen.findByText("This is not your password.")).toBeTruthy();
    expect(screen.queryByText(/signed out\./)).toBeNull();
  });
});

describe("an account", () => {
  it("that is suspended is told what it may not do", async () => {
    await show({ user: { status: "suspended" } });
    expect(await screen.findByText(/suspended: you can look on/)).toBeTruthy();
  });

  it("whose session was ended elsewhere is told so", async () => {
    await show({ refresh: 401 });
    expect(await screen.findByText(/You have been signed out/)).toBeTruthy();
  });

  it("that is banned is told so at the log-in", async () => {
    await show({ refresh: 401 });
    page.gateway.on("POST", "/api/auth/login", { status: 403, body: { code: "FORBIDDEN" } });
    const { LoginPage } = await import("../../src/pages/login");
    render(<LoginPage />);
    await userEvent.type(screen.getByLabelText("E-mail"), "soo@example.org");
    await userEvent.type(screen.getByLabelText("Password"), "a password");
    await press("Log in");
    expect(await screen.findByText(/This account is banned/)).toBeTruthy();
  });
});

describe("the e-mail address", () => {
  const form = () => within(screen.getByRole("region", { name: /e-mail address/ }));
  const sent = () => page.gateway.requests.filter(({ path }) => path === "/api/me/email");
  const ask = async () => {
    await userEvent.type(form().getByLabelText("New e-mail address"), "new@example.org");
    await userEvent.click(form().getByRole("button", { name: "Send the link" }));
  };

  it("is changed by the password and a link to the new one", async () => {
    await show();
    page.gateway.on("PUT", "/api/me/email", { status: 202 });
    await userEvent.type(form().getByLabelText("Password"), "long enough");
    await ask();
    expect(await form().findByText(/on its way to new@example.org/)).toBeTruthy();
    expect(sent()[0]?.body).toEqual({ email: "new@example.org", password: "long enough" });
  });

  it("is added without a password where there is none, soon after the log-in", async () => {
    await show({ user: { email: null, email_proved: false, has_password: false } });
    page.gateway.on("PUT", "/api/me/email", { status: 403, body: { code: "FORBIDDEN" } });
    expect(form().getByRole("heading").textContent).toBe("Add an e-mail address");
    expect(form().getByText(/within the last ten minutes/)).toBeTruthy();
    await ask();
    expect((await form().findByRole("alert")).textContent).not.toBe("");
    expect(form().getByRole("status").textContent).toBe("");
    expect(sent()[0]?.body).toEqual({ email: "new@example.org" });
  });
});
