// How many users there are when, and when each of them goes.
import { milliseconds } from "./time.js";

/** @typedef {{ duration: string, target: number }} Stage */
/** @typedef {{ from: number, until: number }} Span milliseconds after the start of the scenario */

/**
 * The stages of a script, or others: STAGES=5s:10,10s:10 replaces them, SCALE=0.1 takes a tenth of
 * the users, but at least one.
 * @param {Stage[]} own
 * @returns {Stage[]}
 */
export function stagesOr(own) {
  const stages = __ENV.STAGES ? __ENV.STAGES.split(",").map(stageIn) : own;
  return stages.map(({ duration, target }) => ({ duration, target: scaled(target) }));
}

/**
 * A number of users times SCALE.
 * @param {number} users
 */
export function scaled(users) {
  return users && Math.max(1, Math.round(users * Number(__ENV.SCALE || 1)));
}

/** @param {string} text */
function stageIn(text) {
  const [duration, target] = text.split(":");
  milliseconds(duration);
  if (!/^\d+$/.test(target)) {
    throw new Error(`STAGES: ${text} is not like 5s:100`);
  }
  return { duration, target: Number(target) };
}

/**
 * The scenario of these stages. A user ends the own visit (see `leavesAt`), so what k6 interrupts
 * after ten seconds is a fault.
 * @param {Stage[]} stages
 * @returns {import("k6/options").Scenario}
 */
export function rampingUsers(stages) {
  return {
    executor: "ramping-vus",
    startVUs: 0,
    stages,
    gracefulRampDown: "10s",
    gracefulStop: "10s",
  };
}

/** @param {Stage[]} stages */
export function usersMax(stages) {
  return stages.reduce((most, stage) => Math.max(most, stage.target), 0);
}

/** @param {Stage[]} stages */
export function lengthOf(stages) {
  return stages.reduce((sum, stage) => sum + milliseconds(stage.duration), 0);
}

/**
 * When the user of this rank (from 1) goes: as soon as fewer are wanted. k6 stops users in an order
 * of its own and lets each finish, so each counts for itself and as many go as k6 would stop.
 * @param {Stage[]} stages
 * @param {number} rank
 * @returns {number} milliseconds after the start
 */
export function leavesAt(stages, rank) {
  let until = 0;
  let begun = 0;
  let before = 0;
  for (const { duration, target } of stages) {
    const length = milliseconds(duration);
    if (target >= rank) {
      until = begun + length;
    } else if (before >= rank) {
      until = begun + (length * (before - rank + 1)) / (before - target);
    }
    begun += length;
    before = target;
  }
  return until;
}

/**
 * The longest time with the same number of users; of no length when there is none.
 * @param {Stage[]} stages
 * @returns {Span}
 */
export function steadySpan(stages) {
  let found = { from: 0, until: 0 };
  let begun = 0;
  let before = 0;
  for (const { duration, target } of stages) {
    const length = milliseconds(duration);
    if (target === before && length > found.until - found.from) {
      found = { from: begun, until: begun + length };
    }
    begun += length;
    before = target;
  }
  return found;
}
