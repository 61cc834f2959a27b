// A user who bids once a second: over a WebSocket, or over HTTP.
import exec from "k6/execution";
import http from "k6/http";
import { enter, within } from "./client.js";
import { amountNow, BASE_URL, myAuction } from "./prepared.js";
import { markDecided, markFailed, markReceived, markSent } from "./results.js";
import { steadySpan } from "./stages.js";
import { OUTCOME_MAX_MS, pause } from "./time.js";
import { currentToken, keepSignedIn } from "./tokens.js";
import { isOver, visitEnds } from "./visits.js";

const BID_INTERVAL_MS = 1_000;
const REQUEST_MAX = "10s";

/** @typedef {{ stages: import("./stages.js").Stage[], auctions: number, stepMs?: number }} Plan */
/** @typedef {(key: string, amount: number) => Promise<void>} PlaceBid */

let bidsPlaced = 0;

function newKey() {
  bidsPlaced += 1;
  return `${exec.scenario.startTime.toString(36)}-${exec.vu.idInTest}-${bidsPlaced}`;
}

/**
 * One visit: come, look for a second, bid once a second, wait for the last outcomes, go.
 * @param {Plan} plan
 */
export async function bidOverSocket(plan) {
  if (await isOver(plan.stages)) {
    return;
  }
  const joinedAt = Date.now();
  /** @type {Map<string, (outcome: import("./client.js").Frame) => void>} */
  const waiting = new Map();
  const auction = myAuction(plan.auctions);
  const entered = await enter(await currentToken(), `auction:${auction}`, (push) => {
    const isOutcome = push.type === "bid.result" || push.type === "bid.refused";
    const settle = isOutcome && waiting.get(push.key);
    if (settle) {
      settle(push);
    }
  });
  if (!entered) {
    markFailed("the socket cannot be opened");
    await pause(BID_INTERVAL_MS);
    return;
  }
  const { client } = entered;
  client.ended.then(() => settleAll(waiting, { type: "error", code: "SOCKET_CLOSED" }));
  await bidEachSecond(
    plan,
    joinedAt,
    () => client.isOpen,
    async (key, amount) => {
      await keepSignedIn(client);
      const bid = { auction_id: auction, amount, confirm: true, key };
      await placeOverSocket(client, waiting, plan, bid);
    },
  );
  await client.close();
}

/**
 * One visit, every bid a request that is answered by its outcome.
 * @param {Plan} plan
 */
export async function bidOverHttp(plan) {
  if (await isOver(plan.stages)) {
    return;
  }
  await bidEachSecond(
    plan,
    Date.now(),
    () => true,
    (key, amount) => placeOverHttp(plan, key, amount),
  );
}

/**
 * @param {Plan} plan
 * @param {number} joinedAt
 * @param {() => boolean} goesOn
 * @param {PlaceBid} place
 */
async function bidEachSecond({ stages, stepMs }, joinedAt, goesOn, place) {
  const until = visitEnds(stages);
  const placed = [];
  for (let due = joinedAt + BID_INTERVAL_MS; due < until && goesOn(); due += BID_INTERVAL_MS) {
    await pause(due - Date.now());
    placed.push(place(newKey(), amountNow(stepMs || 1)));
  }
  await Promise.all(placed);
}

/**
 * @param {import("./client.js").Client} client
 * @param {Map<string, (outcome: import("./client.js").Frame) => void>} waiting
 * @param {Plan} plan
 * @param {{ key: string, [field: string]: any }} bid
 */
async function placeOverSocket(client, waiting, { stages }, bid) {
  const sentAt = Date.now();
  markSent();
  const outcome = await within(OUTCOME_MAX_MS, { type: "no outcome" }, (resolve) => {
    waiting.set(bid.key, resolve);
    client.ask("bid.place", bid).then((answer) => {
      if (answer.type === "bid.received") {
        markReceived(sentAt);
      } else if (answer.type === "error" && answer.code !== "NO_ANSWER") {
        resolve(answer);
      }
    });
  });
  waiting.delete(bid.key);
  judge(outcome, sentAt, stages);
}

/**
 * @param {Plan} plan
 * @param {string} key
 * @param {number} amount
 */
async function placeOverHttp({ auctions, stages }, key, amount) {
  const token = await currentToken();
  const sentAt = Date.now();
  markSent();
  const answer = await http.asyncRequest(
    "POST",
    `${BASE_URL}/api/auctions/${myAuction(auctions)}/bids`,
    JSON.stringify({ amount, confirm: true }),
    {
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${token}`,
        "Idempotency-Key": key,
        Prefer: "wait=5",
      },
      tags: { name: "bid" },
      timeout: REQUEST_MAX,
    },
  );
  if (answer.status === 200) {
    markReceived(sentAt);
    judge(/** @type {any} */ (answer.json()), sentAt, stages);
  } else {
    markFailed(answer.status === 202 ? "no outcome" : `HTTP ${answer.status} ${answer.error}`);
  }
}

/**
 * @param {{ status?: string, code?: string|null, type?: string }} outcome
 * @param {number} sentAt
 * @param {import("./stages.js").Stage[]} stages
 */
function judge(outcome, sentAt, stages) {
  if (outcome.status === "accepted" || outcome.status === "rejected") {
    markDecided(sentAt, outcome.status, steadySpan(stages));
  } else {
    markFailed(outcome.code || outcome.status || outcome.type || "no outcome");
  }
}

/**
 * @param {Map<string, (outcome: import("./client.js").Frame) => void>} waiting
 * @param {import("./client.js").Frame} outcome
 */
function settleAll(waiting, outcome) {
  for (const settle of waiting.values()) {
    settle(outcome);
  }
}
