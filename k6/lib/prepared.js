// Who bids, and on what: made before the run by `make storm prepare=1`, so that no password is
// hashed while bids are measured.
import { SharedArray } from "k6/data";
import exec from "k6/execution";

/** @typedef {{ access_token: string, refresh_token: string, expires_at: number }} User */
/** @typedef {{ prepared_at: number, auctions: number[] }} Preparation */

export const BASE_URL = (__ENV.BASE_URL || "http://127.0.0.1:8080").replace(/\/$/, "");
export const WS_URL = __ENV.WS_URL || `${BASE_URL.replace(/^http/, "ws")}/ws`;

// An access token is taken until so shortly before its end.
const TOKEN_RESERVE_MS = 10_000;

// Without a file the options can be read, and nothing can be run.
function readFile() {
  return __ENV.USERS ? JSON.parse(open(__ENV.USERS)) : { prepared_at: 0, auctions: [], users: [] };
}

/** @type {User[]} */
const users = new SharedArray("users", () => readFile().users);
/** @type {Preparation[]} */
const preparations = new SharedArray("preparation", () => {
  const { prepared_at, auctions } = readFile();
  return [{ prepared_at, auctions }];
});

/**
 * Stops the run before it begins when the file will not do for so many users and so long.
 * @param {{ users: number, auctions: number, lengthMs: number }} wanted
 */
export function checkPrepared({ users: count, auctions, lengthMs }) {
  if (!__ENV.USERS) {
    throw new Error("USERS names no file: `make storm prepare=1` makes one, see k6/README.md");
  }
  if (users.length < count || preparations[0].auctions.length < auctions) {
    throw new Error(
      `${__ENV.USERS} has ${users.length} users and ${preparations[0].auctions.length} auctions, ` +
        `this takes ${count} and ${auctions}: prepare again`,
    );
  }
  if (users[0].expires_at - TOKEN_RESERVE_MS < Date.now() + lengthMs) {
    throw new Error(`the users of ${__ENV.USERS} are signed in for too short: prepare again`);
  }
}

/** The user of this VU. */
export function me() {
  return users[exec.vu.idInTest - 1];
}

/**
 * The auction of this VU, among the first `count`.
 * @param {number} count
 */
export function myAuction(count) {
  return preparations[0].auctions[(exec.vu.idInTest - 1) % count];
}

// KRW; from this price on a step is STEP, whatever the price (rule 4).
const FIRST_AMOUNT = 50_000_000;
const STEP = 500_000;

/**
 * The amount to bid now. It rises by a step each `stepMs`, so of two bids the later is the higher,
 * though users know nothing of each other. At 1 ms it is within the bounds of money for 30 minutes.
 * @param {number} stepMs
 */
export function amountNow(stepMs) {
  return amountAt(Date.now(), stepMs);
}

/**
 * @param {number} at milliseconds since 1970
 * @param {number} stepMs
 */
export function amountAt(at, stepMs) {
  return FIRST_AMOUNT + STEP * Math.floor((at - preparations[0].prepared_at) / stepMs);
}
