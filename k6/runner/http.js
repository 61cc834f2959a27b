// The part of k6/http that the scripts use, on Node's own client: fetch refuses some ports.
import http from "node:http";
import https from "node:https";
import { only, onlyKeys } from "./refusal.js";

const DEFAULT_TIMEOUT = "60s";

/**
 * @param {import("./loop.js").Loop} loop
 * @param {import("./metrics.js").Registry} registry
 * @param {() => void} checkRunning
 */
export function httpOf(loop, registry, checkRunning) {
  /**
   * @param {string} method
   * @param {string} url
   * @param {string | null} [body]
   * @param {{ headers?: { [name: string]: string }, timeout?: string, tags?: object }} [params]
   */
  async function asyncRequest(method, url, body, params = {}) {
    checkRunning();
    onlyKeys("http parameters", params, ["headers", "timeout", "tags"]);
    const controller = new AbortController();
    const ended = loop.begin(() => controller.abort());
    const limit = setTimeout(() => controller.abort(), parseSeconds(params.timeout) * 1_000);
    const begunAt = performance.now();
    try {
      const answer = await send(method, url, body, params.headers, controller.signal);
      measure(registry, performance.now() - begunAt, answer.status);
      return only("Response", answer);
    } finally {
      clearTimeout(limit);
      // After what the script does with the answer, which may begin something else.
      setImmediate(ended);
    }
  }
  return only("http", { asyncRequest });
}

/**
 * @param {string} method
 * @param {string} url
 * @param {string | null | undefined} body
 * @param {{ [name: string]: string } | undefined} headers
 * @param {AbortSignal} signal
 */
async function send(method, url, body, headers, signal) {
  try {
    const response = await answerTo(method, url, body, headers, signal);
    let text = "";
    for await (const chunk of response.setEncoding("utf-8")) {
      text += chunk;
    }
    const status = Number(response.statusCode);
    return { status, body: text, error: "", json: () => JSON.parse(text) };
  } catch (fault) {
    return { status: 0, body: null, error: String(fault), json: () => null };
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {string | null | undefined} body
 * @param {{ [name: string]: string } | undefined} headers
 * @param {AbortSignal} signal
 * @returns {Promise<http.IncomingMessage>}
 */
function answerTo(method, url, body, headers, signal) {
  const options = { method, headers, signal };
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https:")
      ? https.request(url, options, resolve)
      : http.request(url, options, resolve);
    request.on("error", reject);
    request.end(body);
  });
}

/**
 * @param {import("./metrics.js").Registry} registry
 * @param {number} durationMs
 * @param {number} status
 */
function measure(registry, durationMs, status) {
  registry.declare("http_reqs", "counter").add(1);
  registry.declare("http_req_duration", "trend").add(durationMs);
  registry.declare("http_req_failed", "rate").add(status < 200 || status > 399);
}

/** @param {string} [text] */
function parseSeconds(text = DEFAULT_TIMEOUT) {
  return Number(/^(\d+)s$/.exec(text)?.[1]);
}
