// The executors that the scripts use, and the options that they may have.
import { onlyKeys, Refusal } from "./refusal.js";

/** @typedef {{ executor: string, exec?: string, [option: string]: any }} Scenario */
/** @typedef {(user: number, mayGoOn: () => boolean, interrupted: Promise<void>) => Promise<void>} RunUser */

const TICK_MS = 20;

/** @type {{ [executor: string]: string[] }} */
const OPTIONS = {
  "ramping-vus": ["executor", "exec", "startVUs", "stages", "gracefulRampDown", "gracefulStop"],
  "per-vu-iterations": ["executor", "exec", "vus", "iterations", "maxDuration", "gracefulStop"],
};

/**
 * @param {{ [name: string]: any }} options
 */
export function checkOptions(options) {
  onlyKeys("options", options, ["scenarios", "thresholds", "summaryTrendStats"]);
  for (const [name, scenario] of Object.entries(options.scenarios ?? {})) {
    if (!OPTIONS[scenario.executor]) {
      throw new Refusal(`the executor ${scenario.executor} is not offered`);
    }
    onlyKeys(`scenarios.${name}`, scenario, OPTIONS[scenario.executor]);
  }
}

/** @param {string} text */
export function parseMs(text) {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (!parts) {
    throw new Refusal(`the length of time ${text} is not offered`);
  }
  return Number(parts[1]) * { ms: 1, s: 1_000, m: 60_000 }[/** @type {"ms"} */ (parts[2])];
}

/** @param {Scenario} scenario */
export function usersMax(scenario) {
  return scenario.vus ?? Math.max(...scenario.stages.map((/** @type {any} */ s) => s.target));
}

/**
 * How many users there are to be at `elapsed` ms; undefined when the stages are over.
 * @param {{ duration: string, target: number }[]} stages
 * @param {number} elapsed
 */
export function wantedAt(stages, elapsed) {
  let begun = 0;
  let before = 0;
  for (const { duration, target } of stages) {
    const length = parseMs(duration);
    if (elapsed < begun + length) {
      return Math.round(before + ((target - before) * (elapsed - begun)) / length);
    }
    begun += length;
    before = target;
  }
  return undefined;
}

/**
 * Runs one scenario to its end.
 * @param {Scenario} scenario
 * @param {RunUser} runUser runs iterations as long as they may go on, one after another
 */
export function runScenario(scenario, runUser) {
  return scenario.executor === "ramping-vus" ? ramp(scenario, runUser) : each(scenario, runUser);
}

/**
 * @param {Scenario} scenario
 * @param {RunUser} runUser
 */
async function each({ vus, iterations, maxDuration }, runUser) {
  const timeUp = sleep(parseMs(maxDuration));
  const users = Array.from({ length: vus }, (_, index) => {
    let left = iterations;
    return runUser(index, () => left-- > 0, timeUp.promise);
  });
  await Promise.all(users);
  timeUp.cancel();
}

/**
 * @param {Scenario} scenario
 * @param {RunUser} runUser
 */
async function ramp({ stages, gracefulRampDown }, runUser) {
  const grace = parseMs(gracefulRampDown);
  const startedAt = Date.now();
  /** @type {{ isWanted: boolean, interrupt: () => void, done: Promise<void> }[]} */
  const users = [];
  const begin = () => {
    const state = { isWanted: true, interrupt: () => {}, done: Promise.resolve() };
    const interrupted = new Promise((resolve) => {
      state.interrupt = () => setTimeout(resolve, grace);
    });
    state.done = runUser(users.length, () => state.isWanted, /** @type {any} */ (interrupted));
    users.push(state);
  };
  let active = 0;
  for (let wanted = 0; wanted !== undefined; ) {
    for (; active < wanted; active += 1) {
      begin();
    }
    for (; active > wanted; active -= 1) {
      stop(users[active - 1]);
    }
    await sleep(TICK_MS).promise;
    wanted = /** @type {any} */ (wantedAt(stages, Date.now() - startedAt));
  }
  users.forEach(stop);
  await Promise.all(users.map((user) => user.done));
}

/** @param {{ isWanted: boolean, interrupt: () => void }} user */
function stop(user) {
  if (user.isWanted) {
    user.isWanted = false;
    user.interrupt();
  }
}

/** @param {number} ms */
function sleep(ms) {
  let cancel = () => {};
  const promise = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      cancel = () => clearTimeout(timer);
    })
  );
  return { promise, cancel };
}
