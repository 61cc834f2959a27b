/**
 * One socket to a gateway, kept alive: connects, authenticates, numbers frames, matches answers to
 * requests, and after a loss connects again and subscribes again. Knows channels, not auctions.
 *
 * Guarantees: no frame goes out before `welcome`; ids rise; a request settles exactly once (answer,
 * or WireError when the socket is lost); a final close code stops it until `start` is called.
 */
import type {
  Answers,
  ClientMessage,
  FrameError,
  PushFrame,
  Subscribed,
  Welcome,
} from "../protocol";
import { reconnectDelayMs } from "./backoff";
import { mayReconnect } from "./close-codes";
import { Liveness } from "./liveness";

/** The part of a browser's WebSocket that is used. */
export interface SocketLike {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** `doubtful`: open, but not known to be alive since the page woke. */
export type WireState = "connecting" | "open" | "doubtful" | "waiting" | "stopped";

/** An `error` answer, or LOST when the socket went before an answer came or was not there at all. */
export class WireError extends Error {
  constructor(
    readonly code: string,
    readonly retry: boolean,
    readonly retryAfterMs: number | null = null,
    readonly field: string | null = null,
    readonly detail: string = "",
  ) {
    super(code);
  }
}

export interface WireOptions {
  open: () => SocketLike;
  /** The access token, fresh enough to use, or null for a guest. */
  token: () => Promise<string | null>;
  onState: (state: WireState) => void;
  onWelcome: (welcome: Welcome) => void;
  onPush: (push: PushFrame) => void;
  /** Called with each answer to `time`, and when it was asked for. */
  onTime: (sentMs: number, serverMs: number) => void;
  isHidden?: () => boolean;
  /** Called with the code of a close that will not be followed by a new connection. */
  onFinalClose: (code: number) => void;
  random?: () => number;
}

interface Waiting {
  resolve: (answer: never) => void;
  reject: (error: WireError) => void;
}

interface Subscription {
  onSnapshot: (snapshot: Subscribed) => void;
  onError: (error: WireError) => void;
  afterSeq: () => number | null;
}

type Incoming = { re?: number; type: string } & Record<string, unknown>;

/** Silence on `open` or `auth` for this long is a dead network or gateway. */
export const CONNECT_TIMEOUT_MS = 6_000;
/** An attempt to connect younger than this is left alone when the page wakes. */
const YOUNG_MS = 1_000;
/** When a gateway that is too busy for a snapshot does not say when to come again. */
const SUBSCRIBE_AGAIN_MS = 2_000;

export class Wire {
  private socket: SocketLike | null = null;
  private lastId = 0;
  private attempt = 0;
  private connectingSinceMs = 0;
  private welcomed = false;
  private running = false;
  private retryAfterMs: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private readonly subscriptions = new Map<string, Subscription>();

  private readonly liveness = new Liveness({
    probe: () => this.askTime(),
    onDoubt: () => this.options.onState("doubtful"),
    onSure: () => {
      if (this.welcomed) this.options.onState("open");
    },
    onDead: () => {
      if (this.socket) this.lose(this.socket, null);
    },
    isHidden: () => this.options.isHidden?.() ?? false,
  });

  constructor(private readonly options: WireOptions) {}

  /** Connects, if it is not connected or connecting already. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.connect();
  }

  /** Closes the socket and stays closed; subscriptions are kept for the next `start`. */
  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.drop();
    this.options.onState("stopped");
  }

  /** Connects anew, as when somebody has signed in or out. */
  restart(): void {
    this.stop();
    this.start();
  }

  /**
   * The page has woken or the network is back: asks an open socket whether it lives, and connects at
   * once instead of waiting out a delay or an attempt that began before.
   */
  wake(): void {
    if (!this.running) return;
    if (this.welcomed) {
      this.liveness.wake();
      return;
    }
    this.attempt = 0;
    if (this.socket && Date.now() - this.connectingSinceMs < YOUNG_MS) return;
    clearTimeout(this.timer);
    this.drop();
    this.connect();
  }

  /** Asks for the server's time, which goes to `onTime`; false when there was no answer. */
  async askTime(): Promise<boolean> {
    const sentMs = Date.now();
    const answer = await this.request({ type: "time", client_ms: sentMs }).catch(() => null);
    if (answer) this.options.onTime(sentMs, answer.server_ms);
    return answer !== null;
  }

  /** Gives the open socket a newer token of the same user. */
  renew(token: string): void {
    if (this.welcomed) this.request({ type: "auth", token }).catch(() => this.socket?.close());
  }

  get isOpen(): boolean {
    return this.welcomed;
  }

  /** Sends a frame; rejects with WireError (LOST at once when there is no open socket). */
  request<F extends ClientMessage>(frame: F): Promise<Answers[F["type"]]> {
    if (!this.welcomed) return Promise.reject(new WireError("LOST", true));
    return this.ask(frame);
  }

  /** Follows a channel until the returned function is called: a snapshot after each connection. */
  subscribe(channel: string, subscription: Subscription): () => void {
    this.subscriptions.set(channel, subscription);
    if (this.welcomed) this.sendSubscribe(channel, subscription);
    return () => this.unsubscribe(channel, subscription);
  }

  /** Asks for a channel's snapshot again. */
  resubscribe(channel: string): void {
    const subscription = this.subscriptions.get(channel);
    if (subscription && this.welcomed) this.sendSubscribe(channel, subscription);
  }

  private unsubscribe(channel: string, subscription: Subscription): void {
    if (this.subscriptions.get(channel) !== subscription) return;
    this.subscriptions.delete(channel);
    if (this.welcomed) this.request({ type: "unsubscribe", channel }).catch(() => {});
  }

  private sendSubscribe(channel: string, subscription: Subscription): void {
    const afterSeq = subscription.afterSeq();
    const frame = afterSeq === null ? { channel } : { channel, after_seq: afterSeq };
    this.request({ type: "subscribe", ...frame })
      .then((answer) => {
        if (this.subscriptions.get(channel) === subscription) subscription.onSnapshot(answer);
      })
      .catch((error: WireError) => this.subscribeFailed(channel, subscription, error));
  }

  /** Tries again what may help (a lost socket does so by itself), tells the rest. */
  private subscribeFailed(channel: string, subscription: Subscription, error: WireError): void {
    if (error.code === "LOST") return;
    if (!error.retry) {
      subscription.onError(error);
      return;
    }
    setTimeout(() => {
      if (this.subscriptions.get(channel) === subscription) this.resubscribe(channel);
    }, error.retryAfterMs ?? SUBSCRIBE_AGAIN_MS);
  }

  private ask<F extends ClientMessage>(frame: F): Promise<Answers[F["type"]]> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket?.send(JSON.stringify({ id, ...frame }));
    });
  }

  private connect(): void {
    this.options.onState("connecting");
    this.connectingSinceMs = Date.now();
    const socket = this.options.open();
    this.socket = socket;
    this.lastId = 0;
    this.timer = setTimeout(() => this.lose(socket, null), CONNECT_TIMEOUT_MS);
    socket.onopen = () => void this.authenticate(socket);
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(JSON.parse(String(event.data)));
    };
    socket.onclose = (event) => this.lose(socket, event.code);
  }

  private async authenticate(socket: SocketLike): Promise<void> {
    try {
      const token = await this.options.token();
      if (this.socket !== socket) return;
      const welcome = await this.ask(token ? { type: "auth", token } : { type: "auth" });
      if (this.socket === socket) this.welcome(welcome);
    } catch {
      this.lose(socket, null);
    }
  }

  private welcome(welcome: Welcome): void {
    clearTimeout(this.timer);
    this.welcomed = true;
    this.attempt = 0;
    this.liveness.start();
    this.options.onState("open");
    for (const [channel, subscription] of this.subscriptions) {
      this.sendSubscribe(channel, subscription);
    }
    this.options.onWelcome(welcome);
  }

  private receive(frame: Incoming): void {
    this.liveness.heard();
    if (frame.re !== undefined) this.answer(frame.re, frame);
    else {
      const push = frame as unknown as PushFrame;
      if (push.type === "bye") this.retryAfterMs = push.retry_after_ms;
      this.options.onPush(push);
    }
  }

  private answer(re: number, frame: Incoming): void {
    const waiting = this.waiting.get(re);
    if (!waiting) return;
    this.waiting.delete(re);
    if (frame.type === "error") waiting.reject(errorOf(frame as unknown as FrameError));
    else waiting.resolve(frame as never);
  }

  /** The socket is gone (`code`), or given up (null). */
  private lose(socket: SocketLike, code: number | null): void {
    if (this.socket !== socket) return;
    clearTimeout(this.timer);
    this.drop();
    if (code !== null && !mayReconnect(code)) {
      this.running = false;
      this.options.onState("stopped");
      this.options.onFinalClose(code);
    } else if (this.running) this.connectLater();
  }

  private connectLater(): void {
    const delayMs = this.retryAfterMs ?? reconnectDelayMs(this.attempt, this.options.random);
    this.retryAfterMs = null;
    this.attempt += 1;
    this.options.onState("waiting");
    this.timer = setTimeout(() => this.connect(), delayMs);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.welcomed = false;
    this.liveness.stop();
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new WireError("LOST", true));
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }
}

function errorOf({ code, retry, retry_after_ms, field, detail }: FrameError): WireError {
  return new WireError(code, retry ?? false, retry_after_ms ?? null, field ?? null, detail);
}
