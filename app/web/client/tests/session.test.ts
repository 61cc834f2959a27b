/** Only a refusal ends a session; every other failure of a refresh is waited out. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SOO, tokens } from "./builders";
import { type Answer, FakeGateway } from "./fake-gateway";

let gateway: FakeGateway;

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  localStorage.setItem("signed-in", "1");
  gateway = FakeGateway.install();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const OK: Answer = { status: 200, body: tokens() };
const session = () => import("../src/store/session");
const refreshes = () => gateway.requests.filter(({ path }) => path === "/api/auth/refresh").length;

/** The page's session module, with `answer` to its first refresh. */
async function resumed(answer: Answer) {
  gateway.on("POST", "/api/auth/refresh", answer);
  const opened = await session();
  await opened.resume();
  return opened;
}

describe("a refresh on loading", () => {
  it("signs in", async () => {
    const { user, isRestoring } = await resumed(OK);
    expect(user.value).toEqual(SOO);
    expect(isRestoring.value).toBe(false);
  });

  it("that answers 401 is a log-out", async () => {
    const { user, isRestoring, sessionKnown } = await resumed({ status: 401 });
    expect([user.value, isRestoring.value, sessionKnown.value]).toEqual([null, false, true]);
    expect(localStorage.getItem("signed-in")).toBeNull();
  });

  it.each([
    ["503", { status: 503, body: { code: "BUSY" } }],
    ["500", { status: 500 }],
    ["429", { status: 429, body: { code: "RATE_LIMITED" } }],
    ["403", { status: 403, body: { code: "FORBIDDEN" } }],
    ["no answer", null],
  ] as const)(
    "that answers %s is none: it is tried again until it is answered",
    async (_, answer) => {
      const { user, isRestoring, sessionKnown } = await resumed(answer);
      expect([user.value, isRestoring.value, sessionKnown.value]).toEqual([null, true, true]);
      expect(localStorage.getItem("signed-in")).toBe("1");
      gateway.on("POST", "/api/auth/refresh", OK);
      await vi.advanceTimersByTimeAsync(1_000);
      expect([user.value, isRestoring.value]).toEqual([SOO, false]);
    },
  );

  it("waits as long as a busy server says", async () => {
    const busy = { status: 503, body: { code: "BUSY" }, headers: { "Retry-After": "4" } };
    await resumed(busy);
    await vi.advanceTimersByTimeAsync(3_900);
    expect(refreshes()).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(refreshes()).toBe(2);
  });

  it("that hangs does not keep the page from being shown", async () => {
    gateway.hold("POST", "/api/auth/refresh");
    const { resume, sessionKnown, isRestoring } = await session();
    void resume();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([sessionKnown.value, isRestoring.value]).toEqual([true, true]);
  });

  it("is sent so that it ends, and its cookie is kept, when the page is left meanwhile", async () => {
    await resumed(OK);
    expect(gateway.requests[0]?.keepalive).toBe(true);
  });
});

describe("a session under way", () => {
  it("survives a refresh that fails while its token is good, and after", async () => {
    const { user, renew, freshToken, isRestoring } = await resumed(OK);
    gateway.on("POST", "/api/auth/refresh", { status: 503 });
    await expect(renew()).rejects.toMatchObject({ status: 503 });
    expect(await freshToken()).toBe("token");
    expect([user.value, isRestoring.value]).toEqual([SOO, false]);
    await vi.advanceTimersByTimeAsync(700_000);
    await expect(freshToken()).rejects.toMatchObject({ status: 503 });
    expect([user.value, isRestoring.value]).toEqual([SOO, true]);
  });

  it("tells a call that the server is away, not that it is signed out", async () => {
    const { api } = await resumed(OK);
    gateway.on("GET", "/api/me/bids", { status: 401, body: { code: "UNAUTHENTICATED" } });
    gateway.on("POST", "/api/auth/refresh", null);
    await expect(api.myBids(undefined, 20)).rejects.toMatchObject({ code: "NETWORK" });
  });

  it("is not taken up again by a refresh that was under way when its user logged out", async () => {
    const { user, renew, logOut } = await resumed(OK);
    const answer = gateway.hold("POST", "/api/auth/refresh");
    const renewal = renew();
    await vi.advanceTimersByTimeAsync(0);
    logOut();
    answer(OK);
    await renewal;
    expect(user.value).toBeNull();
  });

  it("begins only when the log-out before it has its answer, which takes the cookie away", async () => {
    const { user, logIn, logOut } = await resumed(OK);
    const answer = gateway.hold("POST", "/api/auth/logout");
    gateway.on("POST", "/api/auth/login", OK);
    logOut();
    expect(user.value).toBeNull();
    const login = logIn({ email: "soo@example.org", password: "secret" });
    await vi.advanceTimersByTimeAsync(0);
    expect(gateway.requests.map(({ path }) => path)).not.toContain("/api/auth/login");
    answer({ status: 204 });
    await login;
    expect(user.value).toEqual(SOO);
  });

  it("tries a refresh that failed again at once when the network is back", async () => {
    const { hurryRenewal, user } = await resumed(null);
    gateway.on("POST", "/api/auth/refresh", OK);
    hurryRenewal();
    await vi.advanceTimersByTimeAsync(0);
    expect(user.value).toEqual(SOO);
  });
});

describe("two tabs", () => {
  it("share what one of them was given", async () => {
    const first = await resumed(OK);
    vi.resetModules();
    const second = await resumed({ status: 200, body: tokens({ access_token: "newer" }) });
    expect(await first.freshToken()).toBe("newer");
    expect(await second.freshToken()).toBe("newer");
    expect(refreshes()).toBe(2);
  });
});
