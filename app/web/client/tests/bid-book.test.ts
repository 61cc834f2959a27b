import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BidBook, type TrackedBid } from "../src/wire/bid-book";
import { HttpProblem } from "../src/wire/http";
import { WireError } from "../src/wire/socket";
import { bidResult } from "./builders";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OFFER = { auctionId: 7, amount: 12_000, kind: "exact", confirm: false } as const;

/** A book whose wire answers with what the test queues; null stays unanswered. */
function build() {
  const answers: (object | Error | null)[] = [];
  const sent: { type: string; key?: string }[] = [];
  const changes: TrackedBid[] = [];
  const called: string[] = [];
  let keys = 0;
  const line = { isOpen: true };
  const reply = (call: string) => {
    called.push(call);
    const answer = answers.shift() ?? null;
    if (answer instanceof Error) return Promise.reject(answer);
    return (answer ? Promise.resolve(answer) : new Promise(() => {})) as never;
  };
  const book = new BidBook({
    http: {
      placeBid: (auctionId, key) => reply(`POST ${auctionId} ${key}`),
      bid: (bidId) => reply(`GET ${bidId}`),
    },
    wire: {
      get isOpen() {
        return line.isOpen;
      },
      request: (frame: { type: string }) => {
        sent.push(frame);
        const answer = answers.shift() ?? null;
        if (answer instanceof Error) return Promise.reject(answer);
        return (answer ? Promise.resolve(answer) : new Promise(() => {})) as never;
      },
    },
    newKey: () => `key-${++keys}`,
    nowMs: () => Date.now(),
    onChange: (bid) => changes.push(bid),
  });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { book, answers, sent, called, line, settle, stage: () => changes.at(-1)?.stage, changes };
}

const received = { type: "bid.received" };
const types = (sent: { type: string }[]) => sent.map(({ type }) => type);

describe("BidBook", () => {
  it("goes from sending over received to decided", async () => {
    const { book, answers, settle, changes } = build();
    answers.push(received);
    const { key } = book.place(OFFER);
    await settle();
    book.result(bidResult(key));
    expect(changes.map(({ stage }) => stage)).toEqual(["sending", "received", "decided"]);
  });

  it("keeps an outcome that comes before the receipt", async () => {
    const { book, answers, settle, stage } = build();
    answers.push(received);
    const { key } = book.place(OFFER);
    book.result(bidResult(key));
    await settle();
    expect(stage()).toBe("decided");
  });

  it("asks after a bid without outcome every 5 s, and stops when it has one", async () => {
    const { book, answers, sent, settle } = build();
    answers.push(received, { type: "bid.status", key: "key-1", status: "pending" });
    const { key } = book.place(OFFER);
    await settle();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(types(sent)).toEqual(["bid.place"]);
    await vi.advanceTimersByTimeAsync(5_001);
    expect(types(sent)).toEqual(["bid.place", "bid.status", "bid.status"]);
    book.result(bidResult(key));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
  });

  it("asks after every open bid when the socket is back, and takes the answer as outcome", async () => {
    const { book, answers, sent, settle, stage } = build();
    answers.push(new WireError("LOST", true));
    book.place(OFFER);
    await settle();
    expect(stage()).toBe("unknown");
    answers.push({ type: "bid.status", key: "key-1", status: "rejected", code: "TOO_LOW" });
    book.reconnected();
    await settle();
    expect(types(sent)).toEqual(["bid.place", "bid.status"]);
    expect(stage()).toBe("decided");
  });

  it("sends a fresh bid again under the same key when the house has not seen it", async () => {
    const { book, answers, sent, settle } = build();
    answers.push(new WireError("LOST", true));
    book.place(OFFER);
    await settle();
    answers.push({ type: "bid.status", key: "key-1", status: "unknown" }, received);
    book.reconnected();
    await settle();
    expect(sent.map(({ type, key }) => [type, key])).toEqual([
      ["bid.place", "key-1"],
      ["bid.status", "key-1"],
      ["bid.place", "key-1"],
    ]);
  });

  it("does not send an old bid again by itself, but does when asked", async () => {
    const { book, answers, sent, settle, stage } = build();
    answers.push(new WireError("LOST", true));
    const { key } = book.place(OFFER);
    await vi.advanceTimersByTimeAsync(4_000);
    vi.setSystemTime(Date.now() + 60_000);
    answers.push({ type: "bid.status", key, status: "unknown" });
    book.reconnected();
    await settle();
    expect(types(sent)).toEqual(["bid.place", "bid.status"]);
    expect(stage()).toBe("missing");
    answers.push(received);
    book.repeat(key);
    await settle();
    expect(sent.at(-1)).toMatchObject({ type: "bid.place", key });
  });

  it("goes over HTTP while there is no socket, and takes the outcome that comes with the receipt", async () => {
    const { book, answers, sent, called, line, settle, changes } = build();
    line.isOpen = false;
    const { re: _, type: __, ...outcome } = { re: 1, ...bidResult("key-1") };
    answers.push(outcome);
    book.place(OFFER);
    await settle();
    expect(called).toEqual(["POST 7 key-1"]);
    expect(sent).toEqual([]);
    expect(changes.at(-1)).toMatchObject({ stage: "decided", bidId: "b" });
  });

  it("is asked after over HTTP by the id in its receipt", async () => {
    const { book, answers, called, line, settle, stage } = build();
    line.isOpen = false;
    answers.push({ bid_id: "b" }, { status: "rejected", code: "TOO_LOW" });
    book.place(OFFER);
    await settle();
    expect(stage()).toBe("received");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(called).toEqual(["POST 7 key-1", "GET b"]);
    expect(stage()).toBe("decided");
  });

  it.each([
    ["NETWORK", 0, "unknown"],
    ["BID_UNKNOWN", 504, "unknown"],
    ["INTERNAL", 500, "unknown"],
    ["BUSY", 503, "error"],
    ["RATE_LIMITED", 429, "error"],
    ["KEY_REUSED", 409, "error"],
  ] as const)("over HTTP answered %s (%i) is %s", async (code, status, stage) => {
    const { book, answers, line, settle, changes } = build();
    line.isOpen = false;
    answers.push(new HttpProblem(code, status));
    book.place(OFFER);
    await settle();
    expect(changes.at(-1)?.stage).toBe(stage);
  });

  it("ends with an error answer, which says that nothing entered the log", async () => {
    const { book, answers, settle, changes } = build();
    answers.push(new WireError("RATE_LIMITED", true));
    book.place(OFFER);
    await settle();
    expect(changes.at(-1)).toMatchObject({ stage: "error", error: "RATE_LIMITED" });
  });

  it("does not call a bid refused whose earlier send may have arrived", async () => {
    const { book, answers, settle, stage } = build();
    answers.push(new WireError("LOST", true));
    const { key } = book.place(OFFER);
    await settle();
    answers.push({ type: "bid.status", key, status: "unknown" }, new WireError("BUSY", true));
    book.reconnected();
    await settle();
    expect(stage()).toBe("unknown");
    answers.push({ type: "bid.status", key, status: "accepted", standing: "leading" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(stage()).toBe("decided");
  });

  it.each(["LOST", "INTERNAL", "BUSY", "RATE_LIMITED", "UNAUTHENTICATED"])(
    "asks again after the asking itself came back with %s",
    async (code) => {
      const { book, answers, settle, stage } = build();
      answers.push(new WireError("LOST", true));
      const { key } = book.place(OFFER);
      await settle();
      answers.push(new WireError(code, true));
      book.reconnected();
      await settle();
      answers.push({ type: "bid.status", key, status: "accepted", standing: "leading" });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(stage()).toBe("decided");
    },
  );

  it("lets another outcome follow only a failed one", () => {
    const { book, changes } = build();
    const { key } = book.place(OFFER);
    book.result(bidResult(key, { status: "failed", standing: null }));
    book.result(bidResult(key));
    expect(changes.at(-1)?.outcome?.status).toBe("accepted");
    book.result(bidResult(key, { status: "rejected" }));
    expect(changes.at(-1)?.outcome?.status).toBe("accepted");
  });

  it("ignores results of bids made elsewhere", () => {
    const { book, changes } = build();
    book.result(bidResult("other"));
    expect(changes).toEqual([]);
  });
});
