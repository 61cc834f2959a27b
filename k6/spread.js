// The storm, spread: as many users as in storm.js, over a hundred auctions.
import { bidOverSocket } from "./lib/bidding.js";
import { stagesOr } from "./lib/stages.js";
import { BOWCHAT_STAGES, checkStorm, stormOptions } from "./lib/storm.js";
import { summaryOf } from "./lib/summary.js";

const stages = stagesOr(BOWCHAT_STAGES);

export const load = { transport: "ws", stages, auctions: Number(__ENV.AUCTIONS || 100) };
export const options = stormOptions(stages);

export function setup() {
  checkStorm(load);
}

export default function () {
  return bidOverSocket(load);
}

export const handleSummary = summaryOf;
