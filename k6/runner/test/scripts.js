// Scripts of a few lines, each in a file of its own.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

const directory = mkdtempSync(join(tmpdir(), "runner-"));
let written = 0;

/**
 * The path of a script with this text.
 * @param {string} text
 */
export function file(text) {
  written += 1;
  const path = join(directory, `script-${written}.js`);
  writeFileSync(path, text);
  return path;
}

/**
 * How a script imports a file of k6/lib.
 * @param {string} name
 */
export function library(name) {
  return relative(directory, resolve(import.meta.dirname, "../../lib", name));
}

export const ONCE = `
  export const options = {
    scenarios: {
      once: { executor: "per-vu-iterations", vus: 1, iterations: 1, maxDuration: "5s" },
    },
    thresholds: {},
    summaryTrendStats: ["med"],
  };
  export const handleSummary = () => ({});
`;

/**
 * A script whose one user does this once.
 * @param {string} imports
 * @param {string} body
 */
export function doing(imports, body) {
  return file(`${imports}\n${ONCE}\nexport default async function () {\n${body}\n}\n`);
}
