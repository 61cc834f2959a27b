// The scripts' own reckoning of their stages (lib/stages.js), run as they run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../run.js";
import { doing, library } from "./scripts.js";

const STAGES = `[
  { duration: "2s", target: 2 },
  { duration: "4s", target: 4 },
  { duration: "10s", target: 4 },
  { duration: "4s", target: 0 },
]`;

/** @type {{ [claim: string]: [string, string] }} */
const CLAIMS = {
  "the last who came goes first, the others evenly after": [
    "[1, 2, 3, 4].map((rank) => leavesAt(STAGES, rank))",
    "[20_000, 19_000, 18_000, 17_000]",
  ],
  "who is still wanted stays to the end": ["leavesAt(STAGES.slice(0, 3), 4)", "16_000"],
  "steady is the longest time with the same number of users": [
    "steadySpan(STAGES)",
    "{ from: 6_000, until: 16_000 }",
  ],
  "without such a time it has no length": [
    "steadySpan(STAGES.slice(0, 2))",
    "{ from: 0, until: 0 }",
  ],
  "the length is that of all stages": ["[lengthOf(STAGES), usersMax(STAGES)]", "[20_000, 4]"],
};

for (const [claim, [expression, expected]] of Object.entries(CLAIMS)) {
  test(claim, async () => {
    const script = doing(
      `import { leavesAt, lengthOf, steadySpan, usersMax } from "${library("stages.js")}";
       const STAGES = ${STAGES};`,
      `const found = JSON.stringify(${expression});
       if (found !== JSON.stringify(${expected})) throw new Error(found);`,
    );
    assert.deepEqual((await run(script)).faults, []);
  });
}

test("STAGES replaces them, SCALE takes a part of the users, but of each stage at least one", async () => {
  const script = doing(
    `import { stagesOr } from "${library("stages.js")}";
     __ENV.STAGES = "500ms:100,2m:1,5s:0";
     __ENV.SCALE = "0.1";`,
    `const found = stagesOr([]).map((stage) => stage.duration + " " + stage.target).join();
     if (found !== "500ms 10,2m 1,5s 0") throw new Error(found);`,
  );
  assert.deepEqual((await run(script)).faults, []);
});
