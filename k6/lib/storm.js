// What the storms have in common: the options and the set-up of users who come, bid and go.
import { checkPrepared } from "./prepared.js";
import { BID_THRESHOLDS } from "./results.js";
import { lengthOf, rampingUsers, usersMax } from "./stages.js";
import { TREND_STATS } from "./summary.js";

/** BowChat's, as its README gives them. */
export const BOWCHAT_STAGES = [
  { duration: "5s", target: 100 },
  { duration: "10s", target: 500 },
  { duration: "10s", target: 1_000 },
  { duration: "20s", target: 1_000 },
  { duration: "5s", target: 0 },
];

/**
 * @param {import("./stages.js").Stage[]} stages
 * @param {{ [metric: string]: string[] }} thresholds beside those of bids
 * @returns {import("k6/options").Options}
 */
export function stormOptions(stages, thresholds = {}) {
  return {
    scenarios: { storm: rampingUsers(stages) },
    thresholds: { ...BID_THRESHOLDS, ...thresholds },
    summaryTrendStats: TREND_STATS,
  };
}

// In a longer run users renew their tokens; a storm must not be disturbed by that.
const STORM_MS_MAX = 300_000;

/** @param {import("./bidding.js").Plan} plan */
export function checkStorm({ stages, auctions }) {
  const lengthMs = Math.min(lengthOf(stages), STORM_MS_MAX);
  checkPrepared({ users: usersMax(stages), auctions, lengthMs });
}
