// Runs a script of k6/ without k6: `node --experimental-vm-modules k6/runner/main.js run SCRIPT`.
//
// It offers the part of k6's API that these scripts use and refuses everything else by name. It is
// for tests at small scale, and to say what a script does (`describe SCRIPT`: options and load as
// JSON). It ends as k6 does, with 99 when a threshold was crossed; with 1 when the script failed, and
// with 2 when it asked for what is not offered.
import { Refusal } from "./refusal.js";
import { describe, run } from "./run.js";

const CROSSED = 99;

/** @param {string} script */
async function runAndJudge(script) {
  const { verdicts, faults } = await run(script);
  for (const { metric, expression, value, holds } of verdicts) {
    console.log(`${holds ? "held   " : "crossed"} ${metric} ${expression} (${value})`);
  }
  for (const fault of faults) {
    console.error(`runner: ${fault}`);
  }
  if (faults.length) {
    return 1;
  }
  return verdicts.every((verdict) => verdict.holds) ? 0 : CROSSED;
}

/** @param {string[]} args */
async function main([command, script]) {
  if (command === "describe" && script) {
    console.log(JSON.stringify(await describe(script)));
    return 0;
  }
  if (command === "run" && script) {
    return runAndJudge(script);
  }
  throw new Refusal("say `run SCRIPT` or `describe SCRIPT`");
}

/** @param {unknown} fault */
function codeOf(fault) {
  // What a module does not export is refused by the linker, in its own words.
  const isRefused = fault instanceof Refusal || /does not provide an export/.test(String(fault));
  const text = fault instanceof Error ? fault.message : String(fault);
  console.error(`runner: ${text}`);
  return isRefused ? 2 : 1;
}

main(process.argv.slice(2))
  .catch(codeOf)
  .then((code) => process.exit(code));
