// Fifty people in the rooms of ten auctions: each says something once a second and gets it back,
// in the order of the room.
import exec from "k6/execution";
import http from "k6/http";
import { Rate, Trend } from "k6/metrics";
import { enter, within } from "./lib/client.js";
import { BASE_URL, checkPrepared, me, myAuction } from "./lib/prepared.js";
import { lengthOf, rampingUsers, stagesOr, usersMax } from "./lib/stages.js";
import { summaryOf, TREND_STATS } from "./lib/summary.js";
import { OUTCOME_MAX_MS, pause } from "./lib/time.js";
import { isOver, visitEnds } from "./lib/visits.js";

const ROOMS = Number(__ENV.AUCTIONS || 10);
const SAY_INTERVAL_MS = 1_000;

const stages = stagesOr([
  { duration: "5s", target: 50 },
  { duration: "20s", target: 50 },
  { duration: "5s", target: 0 },
]);
const failed = new Rate("message_failed");
const disordered = new Rate("messages_disordered");
const deliveredMs = new Trend("message_delivered_ms", true);

export const load = { transport: "chat", stages, auctions: ROOMS };

/** @type {import("k6/options").Options} */
export const options = {
  scenarios: { chat: rampingUsers(stages) },
  thresholds: {
    message_failed: ["rate<0.001"],
    messages_disordered: ["rate==0"],
    message_delivered_ms: ["p(95)<500"],
  },
  summaryTrendStats: TREND_STATS,
};

export function setup() {
  checkPrepared({ users: usersMax(stages), auctions: ROOMS, lengthMs: lengthOf(stages) });
}

export default async function () {
  if (await isOver(stages)) {
    return;
  }
  const room = await joinRoom();
  /** @type {Map<string, (delivered: boolean) => void>} */
  const undelivered = new Map();
  let lastSeq = -1;
  const entered =
    room &&
    (await enter(me().access_token, `room:${room}`, (push) => {
      if (push.type === "chat.message") {
        disordered.add(push.seq <= lastSeq);
        lastSeq = push.seq;
        const onDelivered = undelivered.get(push.text);
        if (onDelivered) {
          onDelivered(true);
        }
      }
    }));
  if (!entered) {
    failed.add(true);
    await pause(SAY_INTERVAL_MS);
    return;
  }
  await talk(entered.client, room, undelivered, visitEnds(stages));
  await entered.client.close();
}

/** The number of the own auction's room, joined; 0 when the house refused. */
async function joinRoom() {
  const opened = await post("/api/rooms", { type: "auction", auction_id: myAuction(ROOMS) });
  if (opened.status !== 200 && opened.status !== 201) {
    return 0;
  }
  const { id } = /** @type {{ id: number }} */ (/** @type {unknown} */ (opened.json()));
  const joined = await post(`/api/rooms/${id}/join`, null);
  return joined.status < 300 ? id : 0;
}

/**
 * @param {string} path
 * @param {object | null} body
 */
function post(path, body) {
  return http.asyncRequest("POST", BASE_URL + path, body && JSON.stringify(body), {
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${me().access_token}`,
    },
  });
}

/**
 * @param {import("./lib/client.js").Client} client
 * @param {number} room
 * @param {Map<string, (delivered: boolean) => void>} undelivered
 * @param {number} until
 */
async function talk(client, room, undelivered, until) {
  const said = [];
  for (let n = 0; Date.now() < until && client.isOpen; n += 1) {
    const key = `${exec.scenario.startTime.toString(36)}-${exec.vu.idInTest}-${n}`;
    said.push(say(client, room, undelivered, key));
    await pause(SAY_INTERVAL_MS);
  }
  await Promise.all(said);
}

/**
 * Says the key; it failed when it is not acknowledged, or not delivered in time.
 * @param {import("./lib/client.js").Client} client
 * @param {number} room_id
 * @param {Map<string, (delivered: boolean) => void>} undelivered
 * @param {string} key
 */
async function say(client, room_id, undelivered, key) {
  const saidAt = Date.now();
  const delivered = within(OUTCOME_MAX_MS, false, (resolve) => {
    undelivered.set(key, (was) => {
      deliveredMs.add(Date.now() - saidAt);
      resolve(was);
    });
  });
  const answer = await client.ask("chat.send", { room_id, text: key, key });
  failed.add(answer.type !== "chat.received" || !(await delivered));
  undelivered.delete(key);
}

export const handleSummary = summaryOf;
