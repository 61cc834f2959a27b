/** The chat of one auction: joined for a signed-in user, messages in the order of the log. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { ChatMessage, Subscribed } from "../protocol";
import { HttpProblem } from "../wire/http";
import { newKey } from "../wire/key";
import { WireError } from "../wire/socket";
import { onConnected, onPush, wire } from "./live";
import { api } from "./session";

const MESSAGES_KEPT = 500;

/** A message of one's own on its way: gone from here once it is seen in the room. */
export interface Outgoing {
  key: string;
  text: string;
  messageId: string | null;
  /** Why it is not (known to be) sent. */
  error: string | null;
}

export interface RoomView {
  messages: ReadonlySignal<readonly ChatMessage[]>;
  outgoing: ReadonlySignal<readonly Outgoing[]>;
  online: ReadonlySignal<number | null>;
  error: ReadonlySignal<string | null>;
  ready: ReadonlySignal<boolean>;
  say: (text: string) => void;
  again: (key: string) => void;
  close: () => void;
}

/** Enters the room of an auction until `close` is called. */
export function enterRoom(auctionId: number): RoomView {
  return new AuctionRoom(auctionId);
}

class AuctionRoom implements RoomView {
  readonly messages = signal<readonly ChatMessage[]>([]);
  readonly outgoing = signal<readonly Outgoing[]>([]);
  readonly online = signal<number | null>(null);
  readonly error = signal<string | null>(null);
  readonly ready = signal(false);
  private roomId: number | null = null;
  private closed = false;
  private readonly stops: (() => void)[] = [];

  constructor(auctionId: number) {
    void this.enter(auctionId);
    this.stops.push(
      onConnected(() => {
        if (this.roomId === null && this.error.peek() !== null) void this.enter(auctionId);
      }),
    );
  }

  say = (text: string): void => {
    const message = { key: newKey(), text, messageId: null, error: null };
    this.outgoing.value = [...this.outgoing.peek(), message];
    void this.send(message);
  };

  again = (key: string): void => {
    const message = this.outgoing.peek().find((other) => other.key === key);
    if (!message) return;
    this.mark(key, { error: null });
    void this.send(message);
  };

  close = (): void => {
    this.closed = true;
    for (const stop of this.stops) stop();
  };

  private async enter(auctionId: number): Promise<void> {
    try {
      const room = await api.auctionRoom(auctionId);
      await api.joinRoom(room.id);
      if (!this.closed) this.follow(room.id);
    } catch (error) {
      this.error.value = error instanceof HttpProblem ? error.code : "INTERNAL";
    }
  }

  private follow(roomId: number): void {
    this.roomId = roomId;
    const channel = `room:${roomId}`;
    this.stops.push(
      wire.subscribe(channel, {
        onSnapshot: (told) => this.snapshot(told),
        onError: (error) => {
          this.error.value = error.code;
        },
        afterSeq: () => this.lastSeq(),
      }),
      onPush("chat.message", ({ type: _, channel: from, ...message }) => {
        if (from === channel) this.add([message]);
      }),
      onPush("chat.presence", (push) => {
        if (push.channel !== channel) return;
        this.online.value = push.online;
        if (push.last_seq > (this.lastSeq() ?? -1)) wire.resubscribe(channel);
      }),
    );
  }

  private snapshot(told: Subscribed): void {
    this.error.value = null;
    this.ready.value = true;
    this.online.value = told.members_online ?? this.online.peek();
    if (told.truncated) this.messages.value = [];
    this.add(told.messages ?? []);
  }

  private lastSeq(): number | null {
    return this.messages.peek().at(-1)?.seq ?? null;
  }

  private add(found: readonly ChatMessage[]): void {
    const byId = new Map(this.messages.peek().map((message) => [message.message_id, message]));
    for (const message of found) {
      if (!byId.has(message.message_id)) byId.set(message.message_id, message);
    }
    const ordered = [...byId.values()].sort((a, b) => a.seq - b.seq);
    this.messages.value = ordered.slice(-MESSAGES_KEPT);
    this.dropSeen(byId);
  }

  private dropSeen(seen: ReadonlyMap<string, ChatMessage>): void {
    this.outgoing.value = this.outgoing
      .peek()
      .filter(({ messageId }) => messageId === null || !seen.has(messageId));
  }

  private async send({ key, text }: Outgoing): Promise<void> {
    if (this.roomId === null) return;
    try {
      const answer = await wire.request({ type: "chat.send", room_id: this.roomId, text, key });
      if (answer.type === "chat.unknown") this.mark(key, { error: "UNKNOWN" });
      else this.mark(key, { messageId: answer.message_id });
      this.dropSeen(new Map(this.messages.peek().map((seen) => [seen.message_id, seen])));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.mark(key, { error: error.code });
    }
  }

  private mark(key: string, change: Partial<Outgoing>): void {
    this.outgoing.value = this.outgoing
      .peek()
      .map((message) => (message.key === key ? { ...message, ...change } : message));
  }
}
