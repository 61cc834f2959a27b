// A whole run of a script, as `k6 run` does it.
import { writeFileSync } from "node:fs";
import { checkThresholds, judge, Registry } from "./metrics.js";
import { Refusal } from "./refusal.js";
import { checkOptions, runScenario } from "./scenarios.js";
import { Shared, VirtualUser } from "./vu.js";

// k6 has these without the script's declaring them.
/** @type {[string, import("./metrics.js").Kind][]} */
const BUILT_IN = [
  ["http_reqs", "counter"],
  ["http_req_duration", "trend"],
  ["http_req_failed", "rate"],
  ["iterations", "counter"],
];

/**
 * Options and `load` of a script, without running it.
 * @param {string} script
 */
export async function describe(script) {
  const exports = await new VirtualUser(new Shared(registryWithBuiltIns()), 0).load(script);
  checkOptions(exports.options);
  return { options: exports.options, load: exports.load };
}

/**
 * Runs the script; its verdicts, and how many iterations threw or were interrupted.
 * @param {string} script
 */
export async function run(script) {
  const registry = registryWithBuiltIns();
  const shared = new Shared(registry);
  const first = await new VirtualUser(shared, 0).load(script);
  checkOptions(first.options);
  const thresholds = first.options.thresholds ?? {};
  checkThresholds(thresholds, registry);
  const data = copied(await first.setup?.());
  const faults = await runScenarios(script, first.options.scenarios, shared, data);
  await first.teardown?.(data);
  write(first.handleSummary(registry.summary(first.options.summaryTrendStats)));
  return { verdicts: judge(thresholds, registry), faults };
}

/**
 * @param {string} script
 * @param {{ [name: string]: import("./scenarios.js").Scenario }} scenarios
 * @param {Shared} shared
 * @param {unknown} data
 */
async function runScenarios(script, scenarios, shared, data) {
  /** @type {string[]} */
  const faults = [];
  let users = 0;
  const startedAt = Date.now();
  shared.registry.startedAt = startedAt;
  await Promise.all(
    Object.values(scenarios).map((scenario) =>
      runScenario(scenario, async (_, mayGoOn, interrupted) => {
        users += 1;
        const user = new VirtualUser(shared, users);
        const exports = await user.load(script);
        user.scenarioStart = startedAt;
        const iterate = exports[scenario.exec ?? "default"];
        const wasInterrupted = interrupted.then(() => {
          user.loop.interrupt();
          return true;
        });
        while (mayGoOn()) {
          const fault = await iteration(user, () => iterate(copied(data)), wasInterrupted);
          shared.registry.declare("iterations", "counter").add(1);
          if (fault) {
            faults.push(fault);
          }
        }
      }),
    ),
  );
  return faults;
}

/**
 * One iteration, to its end or its interruption; what went wrong, or "".
 * @param {VirtualUser} user
 * @param {() => unknown} iterate
 * @param {Promise<boolean>} wasInterrupted
 */
async function iteration(user, iterate, wasInterrupted) {
  try {
    const cut = await Promise.race([finish(user, iterate), wasInterrupted]);
    return cut ? `user ${user.id}: an iteration was interrupted` : "";
  } catch (fault) {
    if (fault instanceof Refusal) {
      throw fault;
    }
    user.loop.interrupt();
    return `user ${user.id}: ${fault}`;
  }
}

/**
 * @param {VirtualUser} user
 * @param {() => unknown} iterate
 */
async function finish(user, iterate) {
  await iterate();
  await user.loop.idle();
  return false;
}

function registryWithBuiltIns() {
  const registry = new Registry();
  for (const [name, kind] of BUILT_IN) {
    registry.declare(name, kind);
  }
  return registry;
}

/**
 * What a VU gets of the data of setup().
 * @param {unknown} data
 */
function copied(data) {
  return data === undefined ? undefined : JSON.parse(JSON.stringify(data));
}

/** @param {{ [target: string]: string }} summary */
function write(summary) {
  for (const [target, text] of Object.entries(summary)) {
    if (target === "stdout") {
      process.stdout.write(text);
    } else {
      writeFileSync(target, text);
    }
  }
}
