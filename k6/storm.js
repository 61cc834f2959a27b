// BowChat's storm: a thousand signed-in users, each on one WebSocket, all on one auction, each bids
// a rising amount once a second.
import { bidOverSocket } from "./lib/bidding.js";
import { stagesOr } from "./lib/stages.js";
import { BOWCHAT_STAGES, checkStorm, stormOptions } from "./lib/storm.js";
import { summaryOf } from "./lib/summary.js";

const stages = stagesOr(BOWCHAT_STAGES);

export const load = { transport: "ws", stages, auctions: 1 };
export const options = stormOptions(stages);

export function setup() {
  checkStorm(load);
}

export default function () {
  return bidOverSocket(load);
}

export const handleSummary = summaryOf;
