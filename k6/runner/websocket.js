// The part of k6/websockets that the scripts use, on `ws`.
import WS from "ws";
import { only, onlyKeys, Refusal } from "./refusal.js";

const EVENTS = ["open", "message", "close", "error"];

/**
 * The WebSocket class of one VU.
 * @param {import("./loop.js").Loop} loop
 * @param {() => void} checkRunning
 */
export function webSocketOf(loop, checkRunning) {
  /**
   * @param {string} url
   * @param {null} [protocols]
   * @param {{ headers?: { [name: string]: string } }} [params]
   */
  return function WebSocket(url, protocols, params = {}) {
    checkRunning();
    if (protocols) {
      throw new Refusal("protocols of a WebSocket are not offered");
    }
    onlyKeys("WebSocket parameters", params, ["headers"]);
    const socket = new WS(url, { headers: params.headers, perMessageDeflate: false });
    const ended = loop.begin(() => socket.terminate());
    socket.on("close", () => ended());
    socket.on("error", () => {}); // whether the script listens or not
    return only("WebSocket", members(socket));
  };
}

/**
 * @param {WS} socket
 */
function members(socket) {
  return {
    /** @param {string} text */
    send: (text) => socket.send(text),
    close: () => socket.close(1000),
    /**
     * @param {string} event
     * @param {(event: object) => void} listener
     */
    addEventListener: (event, listener) => {
      if (!EVENTS.includes(event)) {
        throw new Refusal(`the event ${event} of a WebSocket is not offered`);
      }
      socket.on(event, (value) => listener(eventOf(event, value)));
    },
  };
}

/**
 * @param {string} type
 * @param {any} value what `ws` hands over
 */
function eventOf(type, value) {
  const event = { type, timestamp: Date.now() };
  if (type === "message") {
    return only("MessageEvent", { ...event, data: String(value) });
  }
  return only("Event", type === "error" ? { ...event, error: String(value) } : event);
}
