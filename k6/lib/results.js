// What became of the bids, in k6's metrics, and the thresholds that judge it.
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";

// A bid fails when it cannot be sent, is answered by an error that is not a refusal by the rules of
// the auction, is given up (`failed`), or has no outcome in time.
const failed = new Rate("bid_failed");
const outcomeMs = new Trend("bid_outcome_ms", true);
const receivedMs = new Trend("bid_received_ms", true);
const lost = new Counter("bids_lost");
const sent = new Counter("bids_sent");
const decided = new Counter("bids_decided");
const accepted = new Counter("bids_accepted");
const steady = new Counter("bids_steady");

export const BID_THRESHOLDS = {
  bid_failed: ["rate<0.001"],
  bid_outcome_ms: ["p(95)<500"],
};

export function markSent() {
  sent.add(1);
}

/** @param {number} sentAt */
export function markReceived(sentAt) {
  receivedMs.add(Date.now() - sentAt);
}

/**
 * @param {number} sentAt
 * @param {string} status "accepted" or "rejected"
 * @param {import("./stages.js").Span} steadySpan
 */
export function markDecided(sentAt, status, steadySpan) {
  const now = Date.now();
  const elapsed = now - exec.scenario.startTime;
  failed.add(false);
  outcomeMs.add(now - sentAt);
  decided.add(1);
  accepted.add(status === "accepted" ? 1 : 0);
  steady.add(elapsed > steadySpan.from && elapsed <= steadySpan.until ? 1 : 0);
}

/** @param {string} cause */
export function markFailed(cause) {
  failed.add(true);
  lost.add(1);
  console.warn(`bid failed: ${cause}`);
}
