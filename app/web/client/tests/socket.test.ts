import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mayReconnect } from "../src/wire/close-codes";
import { QUIET_MS } from "../src/wire/liveness";
import { CONNECT_TIMEOUT_MS, Wire, WireError, type WireState } from "../src/wire/socket";
import { FakeSocket } from "./fake-socket";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function build(token: string | null = null, { isHidden = false } = {}) {
  const sockets: FakeSocket[] = [];
  const states: WireState[] = [];
  const finalCodes: number[] = [];
  const pushed: object[] = [];
  const times: number[] = [];
  const wire = new Wire({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    token: async () => token,
    onState: (state) => states.push(state),
    onWelcome: () => {},
    onPush: (push) => pushed.push(push),
    onTime: (_, serverMs) => times.push(serverMs),
    onFinalClose: (code) => finalCodes.push(code),
    isHidden: () => isHidden,
    random: () => 0.999999,
  });
  const newest = () => sockets.at(-1) as FakeSocket;
  return { wire, sockets, states, finalCodes, pushed, times, newest };
}

const subscription = () => ({ onSnapshot: vi.fn(), onError: vi.fn(), afterSeq: () => null });

describe("Wire", () => {
  it("authenticates first, with the token when there is one", async () => {
    const { wire, newest } = build("secret");
    wire.start();
    await newest().welcome();
    expect(newest().sent).toEqual([{ id: 1, type: "auth", token: "secret" }]);
  });

  it("sends nothing before the welcome", async () => {
    const { wire, newest } = build();
    wire.start();
    wire.subscribe("auctions", subscription());
    await expect(wire.request({ type: "time", client_ms: 1 })).rejects.toThrow("LOST");
    expect(newest().sent).toEqual([]);
  });

  it("numbers frames upwards and matches answers in any order", async () => {
    const { wire, newest } = build();
    wire.start();
    await newest().welcome();
    const first = wire.request({ type: "time", client_ms: 1 });
    const second = wire.request({ type: "time", client_ms: 2 });
    const ids = newest().sent.map(({ id }) => id);
    expect(ids).toEqual([1, 2, 3]);
    newest().say({ re: 3, type: "time", client_ms: 2, server_ms: 20 });
    newest().say({ re: 2, type: "time", client_ms: 1, server_ms: 10 });
    expect((await first).server_ms).toBe(10);
    expect((await second).server_ms).toBe(20);
  });

  it("rejects a request with the code and the field of an error answer", async () => {
    const { wire, newest } = build();
    wire.start();
    await newest().welcome();
    const asked = wire.request({ type: "time", client_ms: -1 });
    newest().say({ re: 2, type: "error", code: "INVALID", field: "client_ms", retry: false });
    await expect(asked).rejects.toMatchObject({ code: "INVALID", field: "client_ms" });
  });

  it("waits longer each time, with full jitter up to 15 s, and starts over after a welcome", async () => {
    const { wire, sockets, newest } = build();
    wire.start();
    for (const ceilingMs of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = sockets.length;
      newest().drop(1006);
      vi.advanceTimersByTime(ceilingMs - 2);
      expect(sockets.length).toBe(before);
      vi.advanceTimersByTime(2);
      expect(sockets.length).toBe(before + 1);
    }
    await newest().welcome();
    newest().drop(4001);
    vi.advanceTimersByTime(500);
    await newest().welcome();
    expect(wire.isOpen).toBe(true);
  });

  it("waits as long as bye says", async () => {
    const { wire, sockets, newest } = build();
    wire.start();
    await newest().welcome();
    newest().say({ type: "bye", code: 4001, retry_after_ms: 3_000 });
    newest().drop(4001);
    vi.advanceTimersByTime(2_999);
    expect(sockets.length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(sockets.length).toBe(2);
  });

  it.each([1007, 1009, 4400, 4401, 4403, 4409])("stays closed after %i", async (code) => {
    const { wire, sockets, states, finalCodes, newest } = build();
    wire.start();
    await newest().welcome();
    newest().drop(code);
    vi.advanceTimersByTime(60_000);
    expect(sockets.length).toBe(1);
    expect(states.at(-1)).toBe("stopped");
    expect(finalCodes).toEqual([code]);
  });

  it.each([1001, 1006, 1011, 4001, 4004, 4008, 4012, 4013])("comes back after %i", (code) => {
    expect(mayReconnect(code)).toBe(true);
  });

  it("gives up on a gateway that does not answer an attempt to connect", () => {
    const { wire, sockets, newest } = build();
    wire.start();
    const silent = newest();
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    expect(silent.closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(sockets.length).toBe(2);
  });

  it("subscribes again after a loss, and only to what is still wanted", async () => {
    const { wire, newest } = build();
    wire.start();
    await newest().welcome();
    const kept = subscription();
    wire.subscribe("auction:1", kept);
    const leave = wire.subscribe("auction:2", subscription());
    leave();
    newest().drop(1006);
    vi.advanceTimersByTime(500);
    await newest().welcome();
    const channels = newest().sent.map(({ channel }) => channel);
    expect(channels).toEqual([undefined, "auction:1"]);
    newest().say({ re: 2, type: "subscribed", channel: "auction:1" });
    await Promise.resolve();
    expect(kept.onSnapshot).toHaveBeenCalledOnce();
  });

  it("subscribes again when the gateway is busy, and gives up when that cannot help", async () => {
    const { wire, newest } = build();
    wire.start();
    await newest().welcome();
    const wanted = subscription();
    wire.subscribe("auction:1", wanted);
    newest().say({ re: 2, type: "error", code: "BUSY", retry: true, retry_after_ms: 700 });
    await vi.advanceTimersByTimeAsync(700);
    expect(newest().last("subscribe").id).toBe(3);
    newest().say({ re: 3, type: "error", code: "NOT_FOUND", retry: false });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(newest().last("subscribe").id).toBe(3);
    expect(wanted.onError).toHaveBeenCalledOnce();
  });

  it("rejects what was asked when the socket is lost", async () => {
    const { wire, newest } = build();
    wire.start();
    await newest().welcome();
    const asked = wire.request({ type: "time", client_ms: 1 });
    newest().drop(1006);
    await expect(asked).rejects.toEqual(new WireError("LOST", true));
  });

  it("ignores a socket it has given up", async () => {
    const { wire, pushed, newest } = build();
    wire.start();
    await newest().welcome();
    const old = newest();
    wire.restart();
    old.say({ type: "auctions.price", items: [] });
    expect(pushed).toEqual([]);
  });

  describe("liveness", () => {
    async function open(options: { isHidden?: boolean } = {}) {
      const built = build(null, options);
      built.wire.start();
      await built.newest().welcome();
      return built;
    }
    const asked = (socket: FakeSocket) => socket.sent.filter(({ type }) => type === "time").length;

    it("asks after a silence, and finds a silent socket dead within 12 s", async () => {
      const { sockets, states, newest } = await open();
      const silent = newest();
      await vi.advanceTimersByTimeAsync(QUIET_MS);
      expect(asked(silent)).toBe(1);
      await vi.advanceTimersByTimeAsync(12_000 - QUIET_MS);
      expect(silent.closed).toBe(true);
      expect(states).toContain("waiting");
      expect(sockets.length).toBe(2);
    });

    it("takes anything that comes as a sign of life", async () => {
      const { newest } = await open();
      for (let turn = 0; turn < 10; turn += 1) {
        await vi.advanceTimersByTimeAsync(QUIET_MS + 1_000);
        newest().say({ type: "auctions.price", items: [] });
      }
      expect(newest().closed).toBe(false);
      expect(asked(newest())).toBe(10);
    });

    it("does not ask while frames come", async () => {
      const { newest } = await open();
      for (let turn = 0; turn < 20; turn += 1) {
        await vi.advanceTimersByTimeAsync(QUIET_MS - 1_000);
        newest().say({ type: "auctions.price", items: [] });
      }
      expect(asked(newest())).toBe(0);
    });

    it("asks at least every 15 s when nobody looks", async () => {
      const { newest } = await open({ isHidden: true });
      await vi.advanceTimersByTimeAsync(15_000);
      expect(asked(newest())).toBe(1);
    });

    it("asks at once after waking, doubts within 2 s, and believes only the answer", async () => {
      const { wire, states, newest } = await open();
      wire.wake();
      newest().say({ type: "auctions.price", items: [] }); // may have waited since before
      await vi.advanceTimersByTimeAsync(2_000);
      expect(states.at(-1)).toBe("doubtful");
      newest().say({ re: newest().last("time").id, type: "time", client_ms: 0, server_ms: 5 });
      await vi.advanceTimersByTimeAsync(0);
      expect(states.at(-1)).toBe("open");
    });

    it("stays sure after waking when the answer comes in time", async () => {
      const { wire, states, newest } = await open();
      wire.wake();
      newest().say({ re: newest().last("time").id, type: "time", client_ms: 0, server_ms: 5 });
      await vi.advanceTimersByTimeAsync(2_000);
      expect(states).not.toContain("doubtful");
    });

    it("gives up a socket that does not answer within 5 s after waking", async () => {
      const { wire, states, newest } = await open();
      wire.wake();
      const silent = newest();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(silent.closed).toBe(true);
      expect(states).toContain("waiting");
    });
  });

  it("connects at once when the network is back, whatever it was waiting for", async () => {
    const { wire, sockets, newest } = build();
    wire.start();
    newest().drop(1006);
    newest().drop(1006);
    wire.wake();
    expect(sockets.length).toBe(2);
    await vi.advanceTimersByTimeAsync(2_000);
    const hanging = newest(); // its attempt began while there was no network
    wire.wake();
    expect(hanging.closed).toBe(true);
    expect(sockets.length).toBe(3);
    wire.wake();
    expect(sockets.length).toBe(3); // a young attempt is left alone
  });
});
