// One WebSocket of the house (wire.md): questions and their answers, pushes, the end.
import { Counter } from "k6/metrics";
import { clearTimeout, setTimeout } from "k6/timers";
import { WebSocket } from "k6/websockets";
import { BASE_URL, WS_URL } from "./prepared.js";
import { OUTCOME_MAX_MS, pause } from "./time.js";

/** @typedef {{ type: string, [field: string]: any }} Frame */

const OPEN_MAX_MS = 10_000;
const ANSWER_MAX_MS = 5_000;
const CLOSE_MAX_MS = 5_000;
const RETRY_MS = 500; // when the answer does not say

// Sign-ins and subscriptions that were answered "later".
const deferred = new Counter("entries_deferred");

/** @type {Frame} */
const NOT_OPENED = { type: "error", code: "NOT_OPENED" };

/** A socket that may ask; nothing it returns ever rejects. */
export class Client {
  /** @param {(push: Frame) => void} onPush */
  constructor(onPush) {
    this.isOpen = false;
    this.wasOpen = false;
    this.lastId = 0;
    /** @type {Map<number, (answer: Frame) => void>} */
    this.asked = new Map();
    this.socket = new WebSocket(WS_URL, null, { headers: { Origin: BASE_URL } });
    this.opened = within(OPEN_MAX_MS, false, (resolve) => {
      this.socket.addEventListener("open", () => {
        this.isOpen = true;
        this.wasOpen = true;
        resolve(true);
      });
      this.socket.addEventListener("error", () => resolve(false));
    });
    /** @type {(value: undefined) => void} */
    this.end = () => {};
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    this.socket.addEventListener("close", () => this.onClose());
    this.socket.addEventListener("message", (event) =>
      this.onFrame(JSON.parse(/** @type {any} */ (event).data), onPush),
    );
  }

  onClose() {
    this.isOpen = false;
    for (const answer of this.asked.values()) {
      answer({ type: "error", code: "SOCKET_CLOSED" });
    }
    this.asked.clear();
    this.end(undefined);
  }

  /**
   * @param {Frame} frame
   * @param {(push: Frame) => void} onPush
   */
  onFrame(frame, onPush) {
    const answer = this.asked.get(frame.re);
    if (answer) {
      this.asked.delete(frame.re);
      answer(frame);
    } else {
      onPush(frame);
    }
  }

  /**
   * The answer to a frame; an error of ours when the socket ends or nothing comes.
   * @param {string} type
   * @param {{ [field: string]: any }} fields
   * @returns {Promise<Frame>}
   */
  ask(type, fields) {
    if (!this.isOpen) {
      return Promise.resolve({ type: "error", code: "SOCKET_CLOSED" });
    }
    this.lastId += 1;
    const id = this.lastId;
    /** @type {Frame} */
    const silence = { type: "error", code: "NO_ANSWER" };
    return within(ANSWER_MAX_MS, silence, (resolve) => {
      this.asked.set(id, resolve);
      this.socket.send(JSON.stringify({ id, type, ...fields }));
    });
  }

  /**
   * Says good-bye and waits for the server's, so that k6 has nothing left to tear down. A socket that
   * never opened has nobody to say it to: k6 would wait for a writer that is not there.
   */
  close() {
    this.isOpen = false;
    if (this.wasOpen) {
      this.socket.close();
    }
    return within(CLOSE_MAX_MS, undefined, (resolve) => {
      this.ended.then(() => resolve(undefined));
    });
  }
}

/**
 * A socket that has been let in and watches `channel`; null when the house refused any of it.
 * @param {string} token
 * @param {string} channel
 * @param {(push: Frame, client: Client) => void} onPush
 * @returns {Promise<{ client: Client, snapshot: Frame } | null>}
 */
export async function enter(token, channel, onPush) {
  /** @type {Client} */
  const client = new Client((push) => onPush(push, client));
  const isOpen = await client.opened;
  let answer = isOpen ? await askAgain(client, "auth", { token }) : NOT_OPENED;
  if (answer.type === "welcome") {
    answer = await askAgain(client, "subscribe", { channel });
  }
  if (answer.type === "subscribed") {
    return { client, snapshot: answer };
  }
  console.warn(`refused: ${answer.code}`);
  await client.close();
  return null;
}

/**
 * As Client.ask, but an answer that says "later" is obeyed, as a page does, while it is in time.
 * @param {Client} client
 * @param {string} type
 * @param {{ [field: string]: any }} fields
 */
async function askAgain(client, type, fields) {
  const until = Date.now() + OUTCOME_MAX_MS;
  let answer = await client.ask(type, fields);
  while (answer.type === "error" && answer.retry && Date.now() < until) {
    deferred.add(1);
    await pause(answer.retry_after_ms || RETRY_MS);
    answer = await client.ask(type, fields);
  }
  return answer;
}

/**
 * What `start` resolves with, or `otherwise` after so many milliseconds.
 * @template T
 * @param {number} ms
 * @param {T} otherwise
 * @param {(resolve: (value: T) => void) => void} start
 * @returns {Promise<T>}
 */
export function within(ms, otherwise, start) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), ms);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
