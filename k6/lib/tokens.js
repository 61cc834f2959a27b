// The access token of this VU's user, renewed before it ends.
import http from "k6/http";
import { BASE_URL, me } from "./prepared.js";

const RENEW_BEFORE_MS = 60_000;

/** @type {import("./prepared.js").User | null} */
let renewed = null;
let renewing = false;

function current() {
  return renewed || me();
}

/** A token that is good for another minute, if the house renews it. */
export async function currentToken() {
  if (current().expires_at - RENEW_BEFORE_MS < Date.now()) {
    await renew();
  }
  return current().access_token;
}

/**
 * Renews the token of a socket that is open for so long.
 * @param {import("./client.js").Client} client
 */
export async function keepSignedIn(client) {
  const before = current().access_token;
  const token = await currentToken();
  if (token !== before) {
    await client.ask("auth", { token });
  }
}

/** Trades the refresh token in; without success the old tokens stay. */
async function renew() {
  if (renewing) {
    return;
  }
  renewing = true;
  await trade();
  renewing = false;
}

async function trade() {
  const askedAt = Date.now();
  const answer = await http.asyncRequest(
    "POST",
    `${BASE_URL}/api/auth/refresh`,
    JSON.stringify({ refresh_token: current().refresh_token }),
    { headers: { "Content-Type": "application/json" }, tags: { name: "refresh" } },
  );
  if (answer.status === 200) {
    const session = /** @type {any} */ (answer.json());
    renewed = {
      access_token: session.access_token,
      refresh_token: session.refresh_token,
      expires_at: askedAt + session.expires_in * 1_000,
    };
  }
}
