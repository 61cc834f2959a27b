// Statistics are k6's, thresholds are judged by them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, percentile, Registry } from "../metrics.js";

test("percentiles lie between the two nearest samples", () => {
  assert.equal(percentile([4, 1, 3, 2], 50), 2.5);
  assert.equal(percentile([4, 1, 3, 2], 100), 4);
  assert.equal(percentile([10, 20], 95), 19.5);
  assert.equal(percentile([], 95), 0);
});

test("thresholds hold or are crossed by the samples", () => {
  const registry = new Registry();
  const failed = registry.declare("failed", "rate");
  for (let n = 0; n < 999; n += 1) {
    failed.add(false);
  }
  const verdict = () => judge({ failed: ["rate<0.001"] }, registry)[0];
  assert.equal(verdict().holds, true);
  failed.add(true);
  assert.deepEqual(
    { ...verdict() },
    {
      metric: "failed",
      expression: "rate<0.001",
      value: 0.001,
      holds: false,
    },
  );
});

test("one metric is of one kind", () => {
  const registry = new Registry();
  assert.equal(registry.declare("bids", "counter"), registry.declare("bids", "counter"));
  assert.throws(() => registry.declare("bids", "trend"), /is a counter already/);
});
