// A steady load for long: two hundred users on ten auctions, MINUTES=5 by default. Tokens live ten
// minutes; users renew theirs a minute before.
import { bidOverSocket } from "./lib/bidding.js";
import { stagesOr } from "./lib/stages.js";
import { checkStorm, stormOptions } from "./lib/storm.js";
import { summaryOf } from "./lib/summary.js";

const stages = stagesOr([
  { duration: "10s", target: 200 },
  { duration: `${__ENV.MINUTES || 5}m`, target: 200 },
  { duration: "5s", target: 0 },
]);

// Slower amounts than in a storm: they stay within the bounds of money for five hours.
export const load = { transport: "ws", stages, auctions: Number(__ENV.AUCTIONS || 10), stepMs: 10 };
export const options = stormOptions(stages);

export function setup() {
  checkStorm(load);
}

export default function () {
  return bidOverSocket(load);
}

export const handleSummary = summaryOf;
