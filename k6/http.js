// The storm over HTTP: BowChat's "HTTP failure rate". Every bid is a request that waits for its
// outcome.
import { bidOverHttp } from "./lib/bidding.js";
import { stagesOr } from "./lib/stages.js";
import { BOWCHAT_STAGES, checkStorm, stormOptions } from "./lib/storm.js";
import { summaryOf } from "./lib/summary.js";

const stages = stagesOr(BOWCHAT_STAGES);

export const load = { transport: "http", stages, auctions: 1 };
export const options = stormOptions(stages, { http_req_failed: ["rate<0.001"] });

export function setup() {
  checkStorm(load);
}

export default function () {
  return bidOverHttp(load);
}

export const handleSummary = summaryOf;
