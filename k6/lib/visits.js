// When the user of this VU goes.
import exec from "k6/execution";
import { leavesAt, lengthOf } from "./stages.js";
import { pause } from "./time.js";

// Who comes later than this before going does not come any more.
const VISIT_MS_MIN = 1_000;

/**
 * @param {import("./stages.js").Stage[]} stages
 * @returns {number} milliseconds since 1970
 */
export function visitEnds(stages) {
  return exec.scenario.startTime + leavesAt(stages, exec.vu.idInTest);
}

/**
 * True when the time of this user is over; then also the rest of the run has passed, because k6
 * would begin another visit at once.
 * @param {import("./stages.js").Stage[]} stages
 */
export async function isOver(stages) {
  if (Date.now() < visitEnds(stages) - VISIT_MS_MIN) {
    return false;
  }
  await pause(exec.scenario.startTime + lengthOf(stages) - Date.now());
  return true;
}
