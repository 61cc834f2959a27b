/** Pages that mails lead to: proving an address, a new password; and erasing the account. */
import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it } from "vitest";
import { SOO, tokens } from "../builders";
import { PageUnderTest } from "../page";
import { eventually } from "../patience";

const UNPROVED = { status: 200, body: tokens({ user: { ...SOO, email_proved: false } }) };
const NOT_GOOD = {
  status: 422,
  body: { code: "INVALID", errors: [{ field: "token", code: "NOT_GOOD", message: "" }] },
};

let page: PageUnderTest;

const sent = (path: string) => page.gateway.requests.filter((one) => one.path === path);
const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));

afterEach(() => history.replaceState(null, "", "/"));

async function open(name: "verify" | "reset", token: string, signedIn = false): Promise<void> {
  history.replaceState(null, "", `/${name}#${token}`);
  page = await PageUnderTest.start({ isSignedIn: signedIn, refresh: UNPROVED });
}

it("the link of a proof proves the address and leaves no token in the address bar", async () => {
  await open("verify", "tok", true);
  page.gateway.on("POST", "/api/auth/verify", () => {
    page.gateway.on("POST", "/api/auth/refresh", { status: 200, body: tokens() });
    return { status: 204 };
  });
  const { VerifyPage } = await import("../../src/pages/verify");
  const { ProofNotice } = await import("../../src/parts/proof-notice");
  render(
    <>
      <ProofNotice />
      <VerifyPage />
    </>,
  );
  expect(await screen.findByText(/is confirmed/)).toBeTruthy();
  expect(sent("/api/auth/verify").map(({ body }) => body)).toEqual([{ token: "tok" }]);
  expect(location.hash).toBe("");
  expect(screen.queryByText(/Please confirm/)).toBeNull();
});

it("a link that is not good any more says so, and another can be had", async () => {
  await open("verify", "old", true);
  page.gateway.on("POST", "/api/auth/verify", NOT_GOOD);
  page.gateway.on("POST", "/api/me/verification", { status: 202 });
  const { VerifyPage } = await import("../../src/pages/verify");
  render(<VerifyPage />);
  expect(await screen.findByText(/used before/)).toBeTruthy();
  await press("Send the mail again");
  expect(await screen.findByText("A mail is on its way.")).toBeTruthy();
  page.gateway.on("POST", "/api/me/verification", { status: 429, body: { code: "RATE_LIMITED" } });
  await press("Send the mail again");
  expect(await screen.findByText(/Too many requests/)).toBeTruthy();
});

it("a new password is told its faults, and then one logs in", async () => {
  await open("reset", "tok");
  page.gateway.on("POST", "/api/auth/reset", NOT_GOOD);
  const { ResetPage } = await import("../../src/pages/reset");
  render(<ResetPage />);
  await userEvent.type(screen.getByLabelText("New password"), "another password");
  await press("Save the new password");
  expect(await screen.findByText(/used before/)).toBeTruthy();
  page.gateway.on("POST", "/api/auth/reset", { status: 204 });
  await press("Save the new password");
  expect(await screen.findByText(/logged out everywhere/)).toBeTruthy();
  const body = { token: "tok", password: "another password" };
  expect(sent("/api/auth/reset").at(-1)?.body).toEqual(body);
});

it("whoever forgot the password is told the same, whether there is an account or not", async () => {
  page = await PageUnderTest.start({ isSignedIn: false });
  page.gateway.on("POST", "/api/auth/forgot", { status: 202 });
  const { ForgotPage } = await import("../../src/pages/forgot");
  render(<ForgotPage />);
  await userEvent.type(screen.getByLabelText("E-mail"), "soo@example.org");
  await press("Send the link");
  expect(await screen.findByText(/If there is an account/)).toBeTruthy();
});

it("an account is erased by its password, and nobody is signed in then", async () => {
  page = await PageUnderTest.start();
  page.gateway.on("DELETE", "/api/me", { status: 409, body: { code: "LEADING" } });
  const { AccountErase } = await import("../../src/parts/account-erase");
  const { AccountBar } = await import("../../src/parts/account-bar");
  const { user } = await import("../../src/store/session");
  render(
    <>
      <AccountBar />
      <AccountErase />
    </>,
  );
  await userEvent.type(screen.getByLabelText("Password"), "correct horse");
  await press("Delete my account for good");
  expect(await screen.findByText(/You lead in an open auction/)).toBeTruthy();
  expect(user.value).not.toBeNull();
  page.gateway.on("DELETE", "/api/me", { status: 204 });
  await press("Delete my account for good");
  await eventually(() => expect(user.value).toBeNull());
  expect(screen.getByText("Your account has been deleted.")).toBeTruthy();
  expect(sent("/api/me").at(-1)?.body).toEqual({ password: "correct horse" });
});

it("somebody without a password needs none", async () => {
  const body = tokens({ user: { ...SOO, has_password: false } });
  page = await PageUnderTest.start({ refresh: { status: 200, body } });
  page.gateway.on("DELETE", "/api/me", { status: 403, body: { code: "FORBIDDEN" } });
  const { AccountErase } = await import("../../src/parts/account-erase");
  render(<AccountErase />);
  expect(screen.queryByLabelText("Password")).toBeNull();
  await press("Delete my account for good");
  await eventually(() => expect(sent("/api/me").at(-1)?.body).toEqual({}));
  expect(screen.getByText(/within the last ten minutes/)).toBeTruthy();
});
