// A run does what k6's would: worlds apart, an init code without a network, iterations that end.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { run } from "../run.js";
import { wantedAt } from "../scenarios.js";
import { doing, file } from "./scripts.js";

test("each user has a world of its own, and a number", async () => {
  const script = file(`
    import { Counter, Trend } from "k6/metrics";
    import exec from "k6/execution";
    const seen = new Counter("seen");
    const ids = new Trend("ids");
    let mine = 0;
    export const options = {
      scenarios: {
        all: { executor: "per-vu-iterations", vus: 3, iterations: 2, maxDuration: "5s" },
      },
      thresholds: { seen: ["count==9"], ids: ["min==1", "med==2", "max==3"] },
      summaryTrendStats: ["med"],
    };
    export default function () {
      mine += 1;
      seen.add(mine);
      ids.add(exec.vu.idInTest);
    }
    export const handleSummary = () => ({});
  `);
  const { verdicts, faults } = await run(script);
  assert.deepEqual(faults, []);
  assert.deepEqual(
    verdicts.map((verdict) => verdict.holds),
    [true, true, true, true],
  );
});

test("setup's data reaches every user, a shared array is read once and cannot be changed", async () => {
  const script = file(`
    import { SharedArray } from "k6/data";
    let reads = 0;
    const users = new SharedArray("users", () => { reads += 1; return [{ name: "anna" }]; });
    export const options = {
      scenarios: { s: { executor: "per-vu-iterations", vus: 2, iterations: 1, maxDuration: "5s" } },
      summaryTrendStats: [],
    };
    export const setup = () => ({ reads, tag: "x" });
    export default function (data) {
      if (data.tag !== "x" || data.reads !== 1 || reads !== 0) throw new Error("read again");
      users[0].name = "ben";
    }
    export const handleSummary = () => ({});
  `);
  const { faults } = await run(script);
  assert.equal(faults.length, 2);
  assert.match(faults[0], /read only/);
});

test("an iteration lasts until its timers and sockets have ended", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => socket.on("message", (text) => socket.send(`${text}!`)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const script = file(`
    import { setTimeout } from "k6/timers";
    import { Counter } from "k6/metrics";
    import { WebSocket } from "k6/websockets";
    const heard = new Counter("heard");
    export const options = {
      scenarios: { s: { executor: "per-vu-iterations", vus: 1, iterations: 1, maxDuration: "5s" } },
      thresholds: { heard: ["count==1"] },
      summaryTrendStats: [],
    };
    export default function () {
      const socket = new WebSocket("ws://127.0.0.1:${port}/");
      socket.addEventListener("open", () => setTimeout(() => socket.send("hello"), 50));
      socket.addEventListener("message", (event) => {
        if (event.data === "hello!") heard.add(1);
        socket.close();
      });
    }
    export const handleSummary = () => ({});
  `);
  const { verdicts, faults } = await run(script);
  server.close();
  assert.deepEqual(faults, []);
  assert.equal(verdicts[0].holds, true);
});

test("a request is measured as k6 measures it, and one that nobody answers has no status", async () => {
  const server = createServer((_, answer) => answer.writeHead(503).end("{}"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const script = doing(
    `import http from "k6/http";`,
    `const busy = await http.asyncRequest("POST", "http://127.0.0.1:${port}/", "{}");
     const nobody = await http.asyncRequest("GET", "http://127.0.0.1:9/");
     if (busy.status !== 503 || nobody.status !== 0) throw new Error("status");`,
  );
  const { faults } = await run(script);
  server.close();
  assert.deepEqual(faults, []);
});

test("what throws, and what does not end in time, is a fault of the run", async () => {
  const thrown = await run(doing("", `fetch("http://127.0.0.1:9/");`));
  assert.match(thrown.faults[0], /fetch is not defined/);
  const text = doing(
    `import { setTimeout } from "k6/timers";`,
    "await new Promise((resolve) => setTimeout(resolve, 60_000));",
  );
  const hasty = file(
    readFileSync(text, "utf-8").replace(`maxDuration: "5s"`, `maxDuration: "200ms"`),
  );
  assert.match((await run(hasty)).faults[0], /was interrupted/);
});

test("the init code has neither network nor, later, files", async () => {
  const early = file(`
    import http from "k6/http";
    export const options = { scenarios: {} };
    await http.asyncRequest("GET", "http://127.0.0.1:9/");
  `);
  await assert.rejects(run(early), /may not use the network/);
  const { faults } = await run(doing("", `open("./script-1.js");`));
  assert.match(faults[0], /init code alone/);
});

test("users ramp evenly through the stages", () => {
  const stages = [
    { duration: "2s", target: 10 },
    { duration: "500ms", target: 10 },
    { duration: "1s", target: 0 },
  ];
  const at = [0, 1_000, 2_000, 2_400, 3_000, 3_499, 3_500].map((ms) => wantedAt(stages, ms));
  assert.deepEqual(at, [0, 5, 10, 10, 5, 0, undefined]);
});
