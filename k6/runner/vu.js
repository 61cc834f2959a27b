// One virtual user: a world of its own in which the script is loaded, with what of k6 is offered.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import vm from "node:vm";
import { httpOf } from "./http.js";
import { Loop } from "./loop.js";
import { only, Refusal } from "./refusal.js";
import { webSocketOf } from "./websocket.js";

/** @typedef {{ [name: string]: any }} Exports */

/** What all VUs of a run share: metrics, arrays, sources. */
export class Shared {
  /** @param {import("./metrics.js").Registry} registry */
  constructor(registry) {
    this.registry = registry;
    /** @type {Map<string, object>} */
    this.arrays = new Map();
    /** @type {Map<string, string>} */
    this.sources = new Map();
  }

  /** @param {string} file */
  source(file) {
    const text = this.sources.get(file) ?? readFileSync(file, "utf-8");
    this.sources.set(file, text);
    return text;
  }
}

export class VirtualUser {
  /**
   * @param {Shared} shared
   * @param {number} id 0 for the one that only looks and sets up
   */
  constructor(shared, id) {
    this.shared = shared;
    this.id = id;
    this.loop = new Loop();
    this.isStarting = true;
    this.scenarioStart = 0;
    /** @type {Map<string, vm.Module>} */
    this.modules = new Map();
    this.context = vm.createContext({
      console: only("console", { log: console.error, warn: console.error }),
      __ENV: { ...process.env },
      open: (/** @type {string} */ path) => this.open(path),
    });
  }

  /**
   * Runs the script's init code; its exports.
   * @param {string} script
   * @returns {Promise<Exports>}
   */
  async load(script) {
    this.script = resolve(script);
    const module = this.file(this.script);
    await module.link((specifier, from) => this.resolve(specifier, from.identifier));
    await module.evaluate();
    this.isStarting = false;
    return module.namespace;
  }

  /** @param {string} path */
  open(path) {
    if (!this.isStarting) {
      throw new Error("open() is for the init code alone");
    }
    return readFileSync(resolve(dirname(this.script ?? ""), path), "utf-8");
  }

  /**
   * @param {string} specifier
   * @param {string} from
   */
  resolve(specifier, from) {
    if (specifier.startsWith(".")) {
      return this.file(resolve(dirname(from), specifier));
    }
    const known = this.modules.get(specifier) ?? this.synthetic(specifier);
    this.modules.set(specifier, known);
    return known;
  }

  /** @param {string} path */
  file(path) {
    const options = { identifier: path, context: this.context };
    const known =
      this.modules.get(path) ?? new vm.SourceTextModule(this.shared.source(path), options);
    this.modules.set(path, known);
    return known;
  }

  /** @param {string} specifier */
  synthetic(specifier) {
    const exports = this.offered()[specifier];
    if (!exports) {
      throw new Refusal(`import of "${specifier}" is not offered`);
    }
    const names = Object.keys(exports);
    return new vm.SyntheticModule(
      names,
      function () {
        for (const name of names) {
          this.setExport(name, exports[name]);
        }
      },
      { identifier: specifier, context: this.context },
    );
  }

  /** @returns {{ [specifier: string]: Exports }} */
  offered() {
    const { loop, shared } = this;
    const checkRunning = () => {
      if (this.isStarting) {
        throw new Error("the init code may not use the network");
      }
    };
    return {
      "k6/data": { SharedArray: sharedArrayOf(shared) },
      "k6/execution": { default: this.execution() },
      "k6/http": { default: httpOf(loop, shared.registry, checkRunning) },
      "k6/metrics": metricsOf(shared.registry, () => this.isStarting),
      "k6/timers": timersOf(loop),
      "k6/websockets": { WebSocket: webSocketOf(loop, checkRunning) },
    };
  }

  execution() {
    const user = this;
    return only("exec", {
      vu: only("exec.vu", { idInTest: this.id }),
      scenario: only("exec.scenario", {
        get startTime() {
          return user.scenarioStart;
        },
      }),
    });
  }
}

/** @param {Shared} shared */
function sharedArrayOf(shared) {
  /**
   * @param {string} name
   * @param {() => unknown[]} make
   */
  return function SharedArray(name, make) {
    const known = shared.arrays.get(name) ?? frozen(JSON.parse(JSON.stringify(make())));
    shared.arrays.set(name, known);
    return known;
  };
}

/**
 * @template T
 * @param {T} value
 * @returns {T}
 */
function frozen(value) {
  if (value && typeof value === "object") {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

/**
 * @param {import("./metrics.js").Registry} registry
 * @param {() => boolean} isStarting
 */
function metricsOf(registry, isStarting) {
  /** @param {import("./metrics.js").Kind} kind */
  const metric = (kind) =>
    /** @param {string} name */
    function Metric(name) {
      if (!isStarting()) {
        throw new Error("metrics are declared in the init code");
      }
      const sink = registry.declare(name, kind);
      return only(name, { add: (/** @type {number | boolean} */ value) => sink.add(value) });
    };
  return { Counter: metric("counter"), Rate: metric("rate"), Trend: metric("trend") };
}

/** @param {Loop} loop */
function timersOf(loop) {
  /** @type {Map<number, () => void>} */
  const cancels = new Map();
  let last = 0;
  return {
    /**
     * @param {() => void} callback
     * @param {number} ms
     */
    setTimeout: (callback, ms) => {
      last += 1;
      const id = last;
      const timer = setTimeout(() => {
        cancels.delete(id);
        callback();
        setImmediate(ended); // what follows the callback may begin something else
      }, ms);
      const ended = loop.begin(() => clearTimeout(timer));
      cancels.set(id, () => {
        clearTimeout(timer);
        ended();
      });
      return id;
    },
    /** @param {number} id */
    clearTimeout: (id) => {
      cancels.get(id)?.();
      cancels.delete(id);
    },
  };
}
