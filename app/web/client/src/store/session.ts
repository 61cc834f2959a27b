/**
 * Who is signed in. The access token lives in memory only; the refresh token is a cookie this code
 * cannot read. One refresh runs at a time over all tabs, because a refresh token is good once.
 */
import { computed, signal } from "@preact/signals";
import type { Login, Signup, Tokens, User } from "../protocol";
import { Api } from "../wire/api";
import { Http, HttpProblem } from "../wire/http";

/** Remembers that a refresh cookie should be there, so that guests make no useless call. */
const STORED = "signed-in";
const RENEW_BEFORE_MS = 60_000;
const RETRY_RENEWAL_MS = 15_000;

interface Token {
  text: string;
  expiresMs: number;
}

export const user = signal<User | null>(null);
/** False until it is known whether somebody is signed in. */
export const sessionKnown = signal(false);
export const isSignedIn = computed(() => user.value !== null);

let token: Token | null = null;
let renewal: Promise<string | null> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let whenRenewed: (token: string) => void = () => {};

const http = new Http({ current: () => token?.text ?? null, refreshed: renew });
/** Calls as the signed-in user, or as a guest. */
export const api = new Api(http);
/** Calls that carry no access token, so that a 401 is an answer and not a reason to refresh. */
const openApi = new Api(new Http({ current: () => null, refreshed: async () => null }));

/** `listener` gets every renewed token, as the open socket must. */
export function onRenewed(listener: (token: string) => void): void {
  whenRenewed = listener;
}

/** A token good for a while yet, renewed if need be; null for a guest. */
export async function freshToken(): Promise<string | null> {
  if (!token) return null;
  return token.expiresMs - Date.now() > RENEW_BEFORE_MS / 2 ? token.text : renew();
}

/** Takes up the session an earlier visit left. */
export async function resume(): Promise<void> {
  if (localStorage.getItem(STORED)) await renew().catch(() => null);
  sessionKnown.value = true;
}

export async function signUp(body: Signup): Promise<void> {
  await openApi.signup(body);
  await logIn({ email: body.email, password: body.password });
}

export async function logIn(body: Login): Promise<void> {
  enter(await openApi.login(body));
}

/** Ends the session. It is over here at once: the server closes the socket before it answers. */
export async function logOut(): Promise<void> {
  const told = api.logout().catch(() => null); // takes the token along
  leave();
  await told;
}

/** Forgets the session here; the server has ended it already. */
export function leave(): void {
  clearTimeout(timer);
  token = null;
  user.value = null;
  localStorage.removeItem(STORED);
}

/** A new access token by the refresh cookie, or null when the session is over. */
export function renew(): Promise<string | null> {
  renewal ??= alone(refresh).finally(() => {
    renewal = null;
  });
  return renewal;
}

async function refresh(): Promise<string | null> {
  try {
    enter(await openApi.refresh());
    whenRenewed(token?.text ?? "");
    return token?.text ?? null;
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 401) leave();
    else renewLater(RETRY_RENEWAL_MS);
    return null;
  }
}

function enter(tokens: Tokens): void {
  const lifeMs = tokens.expires_in * 1_000;
  token = { text: tokens.access_token, expiresMs: Date.now() + lifeMs };
  localStorage.setItem(STORED, "1");
  if (user.value?.id !== tokens.user.id) user.value = tokens.user;
  renewLater(Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2));
}

function renewLater(delayMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void renew(), delayMs);
}

/** Runs `work` while no other tab does; without the lock API (plain HTTP) it just runs. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  return navigator.locks.request("refresh", work) as Promise<T>;
}
