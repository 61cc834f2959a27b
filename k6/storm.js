// BowChat's storm: a thousand signed-in users, each on one WebSocket, all on one auction, each bids
// a rising amount once a second.
import { bidOverSocket } from "./lib/bidding.js";
import { stagesOr } from "./lib/stages.js";
import { checkStorm, stormOptions } from "./lib/storm.js";
import { summaryOf } from "./lib/summary.js";

const stages = stagesOr([
  { duration: "5s", target: 100 },
  { duration: "10s", target: 500 },
  { duration: "10s", target: 1_000 },
  { duration: "20s", target: 1_000 },
  { duration: "5s", target: 0 },
]);

export const load = { transport: "ws", stages, auctions: 1 };
export const options = stormOptions(stages);

export function setup() {
  checkStorm(load);
}

export default function () {
  return bidOverSocket(load);
}

export const handleSummary = summaryOf;
