/**
 * Who is signed in. The access token lives in memory only; the refresh token is a cookie this code
 * cannot read. One refresh runs at a time over all tabs and serves them all.
 *
 * Guarantee: only a refresh that answers 401 ends a session here. While it cannot be refreshed for
 * any other reason, `isRestoring` is true and it is tried again.
 */
import { computed, signal } from "@preact/signals";
import type { Erase, Login, PasswordChange, Reset, Signup, Tokens, User } from "../protocol";
import { Api } from "../wire/api";
import { reconnectDelayMs } from "../wire/backoff";
import { Http, HttpProblem } from "../wire/http";
import { type SharedTokens, shareTokens } from "../wire/token-sharing";

/** Remembers that a refresh cookie should be there, so that guests make no useless call. */
const STORED = "signed-in";
/** As app/web/social.py names it. */
const CAME = "signed_in";
const RENEW_BEFORE_MS = 60_000;
/** A token with less than this left is renewed before it is used on a socket. */
const FRESH_MS = 30_000;
/** A page waits so long to know who is before it; then it is shown while that is found out. */
const RESUME_WAIT_MS = 1_500;
/** What another tab has got is told within this time after it let go of the lock. */
const SHARED_WITHIN_MS = 100;

interface Token {
  text: string;
  expiresMs: number;
}

export const user = signal<User | null>(null);
/** False until it is known whether somebody is signed in, or that takes too long. */
export const sessionKnown = signal(false);
/** There should be a session, but whether there is cannot be learnt just now. */
export const isRestoring = signal(false);
/** Why who was signed in here is not any more, when they did not log out: for the page to say. */
export type Farewell = "ended" | "password" | "erased";
export const farewell = signal<Farewell | null>(null);
export const isSignedIn = computed(() => user.value !== null);

let token: Token | null = null;
let renewal: Promise<string | null> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
/** Counts log-ins and ends: what was asked for before one of them concerns nobody any more. */
let epoch = 0;
/** Ends when no log-out is under way: its answer takes the refresh cookie away, whoever's it is by then. */
let loggedOut: Promise<unknown> = Promise.resolve();
let whenRenewed: (token: string) => void = () => {};

const http = new Http({ current: () => token?.text ?? null, refreshed: renew });
/** Calls as the signed-in user, or as a guest. */
export const api = new Api(http);
/** Calls that carry no access token, so that a 401 is an answer and not a reason to refresh. */
const openApi = new Api(new Http({ current: () => null, refreshed: async () => null }));
const sharing = shareTokens(adopt);

/** `listener` gets every renewed token, as the open socket must. */
export function onRenewed(listener: (token: string) => void): void {
  whenRenewed = listener;
}

/**
 * A token good for a while yet, renewed if need be; null for a guest. Throws HttpProblem when there
 * is none that is valid and a new one cannot be had.
 */
export async function freshToken(): Promise<string | null> {
  if (!user.peek()) return null;
  const held = token;
  const leftMs = (held?.expiresMs ?? 0) - Date.now();
  if (held && leftMs > FRESH_MS) return held.text;
  return renew().catch((error: unknown) => {
    if (held && leftMs > 0) return held.text;
    throw error;
  });
}

/** Takes up the session an earlier visit left. */
export async function resume(): Promise<void> {
  if (localStorage.getItem(STORED) || cameFromProvider()) {
    isRestoring.value = true;
    await Promise.race([renew().catch(() => null), pause(RESUME_WAIT_MS)]);
  }
  sessionKnown.value = true;
}

/** Whether a log-in by a provider has just led here, signed in: the server says so once. */
function cameFromProvider(): boolean {
  const has = document.cookie.split("; ").some((cookie) => cookie.startsWith(`${CAME}=`));
  // Safari has no Cookie Store API.
  // biome-ignore lint/suspicious/noDocumentCookie: see above
  if (has) document.cookie = `${CAME}=; Max-Age=0; Path=/`;
  return has;
}

export async function signUp(body: Signup): Promise<void> {
  await openApi.signup(body);
  await logIn({ email: body.email, password: body.password });
}

export async function logIn(body: Login): Promise<void> {
  await loggedOut;
  const tokens = await openApi.login(body).catch(namedBanned);
  epoch += 1;
  enter(tokens);
}

/** All sessions end by it, this one too. Throws HttpProblem, and then nothing is changed. */
export async function changePassword(body: PasswordChange): Promise<void> {
  await api.changePassword(body);
  leave("password");
}

/** Ends the session. It is over here at once: the server closes the socket before it answers. */
export function logOut(): void {
  loggedOut = api.logout().catch(() => null); // takes the token along
  leave();
}

/** Uses the token of a mail: the address is proved, whoever is signed in here; who it is says what changed. */
export async function proveEmail(mailToken: string): Promise<void> {
  await openApi.verify({ token: mailToken });
  await renew().catch(() => null);
}

/** Uses the token of a mail for a new password. It ends all sessions, also one that is here. */
export async function resetPassword(body: Reset): Promise<void> {
  await openApi.reset(body);
  leave();
}

/** Erases the account; nobody is signed in then. */
export async function eraseAccount(body: Erase): Promise<void> {
  await api.erase(body);
  leave("erased");
}

/** The server refused the access token: the next use gets another. */
export function dropToken(): void {
  token = null;
}

/** Tries at once what waits for its next try, as when the network is back. */
export function hurryRenewal(): void {
  if (isRestoring.peek()) void renew().catch(() => null);
}

/**
 * A new access token by the refresh cookie, or null when there is no session (any more). Throws
 * HttpProblem when that cannot be learnt; it is then tried again by itself.
 */
export function renew(): Promise<string | null> {
  if (!user.peek() && !isRestoring.peek()) return Promise.resolve(null);
  const old = token;
  renewal ??= alone(() => refresh(old)).finally(() => {
    renewal = null;
  });
  return renewal;
}

async function refresh(old: Token | null): Promise<string | null> {
  if (token && token !== old) return token.text; // another tab was faster
  const asked = epoch;
  try {
    const tokens = await openApi.refresh();
    if (asked === epoch) renewed(tokens);
  } catch (error) {
    if (asked === epoch) refused(error);
  }
  return token?.text ?? null;
}

function renewed(tokens: Tokens): void {
  enter(tokens);
  sharing.share({ tokens, gotMs: Date.now() });
  whenRenewed(tokens.access_token);
}

/** Only who is banned is forbidden to log in; elsewhere the code means other things. */
function namedBanned(error: unknown): never {
  if (error instanceof HttpProblem && error.code === "FORBIDDEN") {
    throw new HttpProblem("BANNED", error.status);
  }
  throw error;
}

/** Ends the session if that is what the server said; else tries again later, and throws. */
function refused(error: unknown): void {
  if (error instanceof HttpProblem && error.status === 401) leave("ended");
  else {
    tryAgain(error instanceof HttpProblem ? error.retryAfterMs : null);
    throw error;
  }
}

/** Tokens another tab got for the user of this one. */
function adopt({ tokens, gotMs }: SharedTokens): void {
  if (user.peek()?.id !== tokens.user.id && !isRestoring.peek()) return;
  enter(tokens, gotMs);
  whenRenewed(tokens.access_token);
}

function tryAgain(afterMs: number | null): void {
  if (!token || token.expiresMs <= Date.now()) isRestoring.value = true;
  renewLater(afterMs ?? reconnectDelayMs(failures));
  failures += 1;
}

function enter(tokens: Tokens, gotMs = Date.now()): void {
  const lifeMs = tokens.expires_in * 1_000;
  token = { text: tokens.access_token, expiresMs: gotMs + lifeMs };
  failures = 0;
  localStorage.setItem(STORED, "1");
  if (JSON.stringify(user.value) !== JSON.stringify(tokens.user)) user.value = tokens.user;
  farewell.value = null;
  isRestoring.value = false;
  renewLater(Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2));
}

/** Forgets the session here; the server has ended it already. */
function leave(why: Farewell | null = null): void {
  clearTimeout(timer);
  epoch += 1;
  token = null;
  user.value = null;
  farewell.value = why;
  isRestoring.value = false;
  localStorage.removeItem(STORED);
}

function renewLater(delayMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void renew().catch(() => null), delayMs);
}

/** Runs `work` while no other tab does; without the lock API (plain HTTP) it just runs. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  const waitsForOther = !(await isLockFree());
  return (await navigator.locks.request("refresh", async () => {
    if (waitsForOther) await pause(SHARED_WITHIN_MS);
    return work();
  })) as T;
}

async function isLockFree(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return !held.some(({ name }) => name === "refresh");
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}
