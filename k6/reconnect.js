// A thousand viewers of one auction lose their sockets at once and come back: none is refused, and
// within five seconds each shows a price that was bid after the drop. Two users outbid
// each other all the while: a leader's own higher bid would not move the price.
import exec from "k6/execution";
import { Rate, Trend } from "k6/metrics";
import { enter, within } from "./lib/client.js";
import { amountAt, amountNow, checkPrepared, me, myAuction } from "./lib/prepared.js";
import { scaled } from "./lib/stages.js";
import { summaryOf, TREND_STATS } from "./lib/summary.js";
import { OUTCOME_MAX_MS, pause } from "./lib/time.js";

const VIEWERS = scaled(1_000);
const CONNECT_MS = Number(__ENV.CONNECT_S || 10) * 1_000;
const DROP_MS = CONNECT_MS + 2_000;
const CURRENT_MAX_MS = OUTCOME_MAX_MS;
const END_MS = DROP_MS + CURRENT_MAX_MS + 1_000;
const BIDDERS = 2;
const BID_INTERVAL_MS = 1_000;
const BACKOFF_MS = 500; // the first step of the back-off: wire.md, Reconnect
const AMOUNT_STEP_MS = 1;

const refused = new Rate("viewers_refused");
const late = new Rate("viewers_late");
const stale = new Rate("viewers_stale");
const currentMs = new Trend("viewer_current_ms", true);

export const load = { transport: "viewers", viewers: VIEWERS, auctions: 1 };

/** @type {import("k6/options").Options} */
export const options = {
  scenarios: {
    viewers: onceEach("view", VIEWERS),
    bidders: onceEach("bid", BIDDERS),
  },
  thresholds: {
    viewers_refused: ["rate==0"],
    viewers_late: ["rate==0"],
    viewers_stale: ["rate==0"],
    viewer_current_ms: [`max<${CURRENT_MAX_MS}`],
  },
  summaryTrendStats: TREND_STATS,
};

/**
 * @param {string} exec
 * @param {number} vus
 * @returns {import("k6/options").Scenario}
 */
function onceEach(exec, vus) {
  return { executor: "per-vu-iterations", exec, vus, iterations: 1, maxDuration: "2m" };
}

export function setup() {
  checkPrepared({ users: VIEWERS + BIDDERS, auctions: 1, lengthMs: END_MS });
}

export async function bid() {
  const auction_id = myAuction(1);
  const entered = await enter(me().access_token, `auction:${auction_id}`, () => {});
  if (!entered) {
    throw new Error("a bidder cannot enter");
  }
  await pause((exec.vu.idInTest % BIDDERS) * (BID_INTERVAL_MS / BIDDERS));
  for (let n = 0; Date.now() < exec.scenario.startTime + END_MS; n += 1) {
    const key = `${exec.scenario.startTime.toString(36)}-${exec.vu.idInTest}-${n}`;
    const amount = amountNow(AMOUNT_STEP_MS);
    entered.client.ask("bid.place", { auction_id, amount, confirm: true, key });
    await pause(BID_INTERVAL_MS);
  }
  await entered.client.close();
}

export async function view() {
  const startedAt = exec.scenario.startTime;
  await pause(Math.random() * CONNECT_MS);
  const before = await watch(0);
  if (!before) {
    return;
  }
  await pause(startedAt + DROP_MS - Date.now());
  const droppedAt = Date.now();
  await before.client.close();
  await pause(Math.random() * BACKOFF_MS);
  const after = await watch(amountAt(droppedAt, AMOUNT_STEP_MS));
  if (!after) {
    return;
  }
  stale.add(after.firstPrice < before.lastPrice());
  const isCurrent = await within(droppedAt + CURRENT_MAX_MS - Date.now(), false, after.whenCurrent);
  late.add(!isCurrent);
  currentMs.add(Date.now() - droppedAt);
  await after.client.close();
}

/**
 * Opens a socket and follows the price; null when it is refused. `whenCurrent` calls back as soon as
 * a price of at least `wanted` is shown.
 * @param {number} wanted
 */
async function watch(wanted) {
  let price = 0;
  /** @type {(reached: boolean) => void} */
  let onCurrent = () => {};
  /** @param {number} shown */
  const show = (shown) => {
    price = shown;
    if (price >= wanted) {
      onCurrent(true);
    }
  };
  const entered = await enter(me().access_token, `auction:${myAuction(1)}`, (push) => {
    if (push.type === "auction.state") {
      show(push.price);
    }
  });
  refused.add(!entered);
  if (!entered) {
    return null;
  }
  const firstPrice = entered.snapshot.auction.price;
  show(Math.max(price, firstPrice));
  return {
    client: entered.client,
    firstPrice,
    lastPrice: () => price,
    /** @param {(reached: boolean) => void} callback */
    whenCurrent: (callback) => {
      onCurrent = callback;
      show(price);
    },
  };
}

export const handleSummary = summaryOf;
