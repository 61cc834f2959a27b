// What of k6 is not offered is refused by its name, wherever a script asks for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, run } from "../run.js";
import { doing, file } from "./scripts.js";

/** @type {{ [name: string]: [string, string, RegExp] }} */
const REFUSED = {
  "a module": [`import ws from "k6/ws";`, "ws;", /"k6\/ws" is not offered/],
  "a package": [`import fs from "node:fs";`, "fs;", /"node:fs" is not offered/],
  "an export": [`import { Gauge } from "k6/metrics";`, "Gauge;", /'Gauge'/],
  "a member": [`import http from "k6/http";`, `http.get("/");`, /http\.get is not offered/],
  "a member of a socket": [
    `import { WebSocket } from "k6/websockets";`,
    `new WebSocket("ws://127.0.0.1:9/").ping();`,
    /WebSocket\.ping is not offered/,
  ],
  "a handler of a socket": [
    `import { WebSocket } from "k6/websockets";`,
    `new WebSocket("ws://127.0.0.1:9/").onping = () => {};`,
    /WebSocket\.onping is not offered/,
  ],
  "an event": [
    `import { WebSocket } from "k6/websockets";`,
    `new WebSocket("ws://127.0.0.1:9/").addEventListener("ping", () => {});`,
    /the event ping of a WebSocket is not offered/,
  ],
  "a parameter": [
    `import http from "k6/http";`,
    `await http.asyncRequest("GET", "http://127.0.0.1:9/", null, { redirects: 1 });`,
    /http parameters\.redirects is not offered/,
  ],
  "what is known of the run": [
    `import exec from "k6/execution";`,
    "exec.test.abort();",
    /exec\.test is not offered/,
  ],
};

for (const [what, [imports, body, words]] of Object.entries(REFUSED)) {
  test(`${what} that is not offered is refused by name`, async () => {
    await assert.rejects(run(doing(imports, body)), words);
  });
}

/** @type {{ [name: string]: [string, RegExp] }} */
const OPTIONS = {
  "an option": ["{ scenarios: {}, vus: 5 }", /options\.vus is not offered/],
  "an executor": [
    `{ scenarios: { s: { executor: "constant-vus", vus: 1 } } }`,
    /the executor constant-vus is not offered/,
  ],
  "an option of a scenario": [
    `{ scenarios: { s: { executor: "ramping-vus", stages: [], startTime: "5s" } } }`,
    /scenarios\.s\.startTime is not offered/,
  ],
};

for (const [what, [options, words]] of Object.entries(OPTIONS)) {
  test(`${what} that is not offered is refused by name`, async () => {
    const script = file(`export const options = ${options}; export default () => {};`);
    await assert.rejects(describe(script), words);
  });
}

/** @type {{ [name: string]: [string, RegExp] }} */
const THRESHOLDS = {
  "a metric that nobody declared": [`{ bids: ["count>0"] }`, /thresholds\.bids is not offered/],
  "a statistic of another kind": [`{ http_reqs: ["p(95)<5"] }`, /p\(95\) of a counter/],
  "a form": [`{ http_reqs: [{ threshold: "count>0" }] }`, /is not offered/],
};

for (const [what, [thresholds, words]] of Object.entries(THRESHOLDS)) {
  test(`a threshold on ${what} is refused before the run`, async () => {
    const script = file(`
      export const options = { scenarios: {}, thresholds: ${thresholds} };
      export const setup = () => { throw new Error("it runs"); };
    `);
    await assert.rejects(run(script), words);
  });
}
