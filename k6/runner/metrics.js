// Metrics, their statistics as k6 defines them, and thresholds.
import { onlyKeys, Refusal } from "./refusal.js";

/** @typedef {"counter" | "rate" | "trend"} Kind */

/** All values of one metric. */
export class Sink {
  /**
   * @param {Kind} kind
   */
  constructor(kind) {
    this.kind = kind;
    /** @type {number[]} */
    this.samples = [];
  }

  /** @param {number | boolean} value */
  add(value) {
    this.samples.push(Number(value));
  }

  sum() {
    return this.samples.reduce((sum, value) => sum + value, 0);
  }

  /**
   * A statistic by its name in thresholds and summaries.
   * @param {string} name
   * @param {number} elapsedS
   */
  statistic(name, elapsedS) {
    const { samples, kind } = this;
    const hits = samples.filter(Boolean).length;
    /** @type {{ [kind: string]: { [name: string]: () => number } }} */
    const known = {
      counter: { count: () => this.sum(), rate: () => this.sum() / elapsedS },
      rate: {
        rate: () => (samples.length ? hits / samples.length : 0),
        passes: () => hits,
        fails: () => samples.length - hits,
      },
      trend: {
        avg: () => (samples.length ? this.sum() / samples.length : 0),
        min: () => percentile(samples, 0),
        med: () => percentile(samples, 50),
        max: () => percentile(samples, 100),
      },
    };
    const share = kind === "trend" && /^p\((\d+(?:\.\d+)?)\)$/.exec(name);
    if (share) {
      return percentile(samples, Number(share[1]));
    }
    const found = known[kind][name];
    if (!found) {
      throw new Refusal(`the statistic ${name} of a ${kind} is not offered`);
    }
    return found();
  }
}

/**
 * Between the two nearest samples, as k6 does it.
 * @param {number[]} samples
 * @param {number} percent
 */
export function percentile(samples, percent) {
  if (!samples.length) {
    return 0;
  }
  const sorted = Float64Array.from(samples).sort();
  const rank = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  return below + (sorted[Math.ceil(rank)] - below) * (rank - Math.floor(rank));
}

/** The metrics of a run by name; each may be declared by every VU, always as the same kind. */
export class Registry {
  constructor() {
    /** @type {Map<string, Sink>} */
    this.sinks = new Map();
    this.startedAt = Date.now();
  }

  /**
   * @param {string} name
   * @param {Kind} kind
   */
  declare(name, kind) {
    const known = this.sinks.get(name);
    if (known && known.kind !== kind) {
      throw new Error(`metric ${name} is a ${known.kind} already`);
    }
    const sink = known || new Sink(kind);
    this.sinks.set(name, sink);
    return sink;
  }

  elapsedS() {
    return Math.max(0.001, (Date.now() - this.startedAt) / 1_000);
  }

  /**
   * What k6 hands to handleSummary.
   * @param {string[]} trendStats
   */
  summary(trendStats) {
    /** @type {{ [name: string]: { type: Kind, values: { [name: string]: number } } }} */
    const metrics = {};
    /** @type {{ [kind: string]: string[] }} */
    const names = {
      counter: ["count", "rate"],
      rate: ["rate", "passes", "fails"],
      trend: trendStats,
    };
    for (const [name, sink] of this.sinks) {
      const values = names[sink.kind].map((stat) => [stat, sink.statistic(stat, this.elapsedS())]);
      metrics[name] = { type: sink.kind, values: Object.fromEntries(values) };
    }
    return { metrics };
  }
}

const EXPRESSION = /^\s*([a-z]+|p\(\d+(?:\.\d+)?\))\s*(<=|>=|<|>|===?|!=)\s*(\d+(?:\.\d+)?)\s*$/;

/** @type {{ [operator: string]: (a: number, b: number) => boolean }} */
const HOLDS = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "===": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/**
 * Checks that every threshold can be judged.
 * @param {{ [metric: string]: unknown[] }} thresholds
 * @param {Registry} registry
 */
export function checkThresholds(thresholds, registry) {
  judge(thresholds, registry);
}

/**
 * One verdict for each threshold.
 * @param {{ [metric: string]: unknown[] }} thresholds
 * @param {Registry} registry
 */
export function judge(thresholds, registry) {
  onlyKeys("thresholds", thresholds, [...registry.sinks.keys()]);
  return Object.entries(thresholds).flatMap(([metric, expressions]) =>
    expressions.map((expression) => {
      const parts = EXPRESSION.exec(typeof expression === "string" ? expression : "");
      if (!parts) {
        throw new Refusal(
          `the threshold ${JSON.stringify(expression)} of ${metric} is not offered`,
        );
      }
      const [, statistic, operator, bound] = parts;
      const sink = /** @type {Sink} */ (registry.sinks.get(metric));
      const value = sink.statistic(statistic, registry.elapsedS());
      return { metric, expression, value, holds: HOLDS[operator](value, Number(bound)) };
    }),
  );
}
