/** A socket in memory: what the page sent is in `sent`, and the test plays the gateway. */
import type { SocketLike } from "../src/wire/socket";

export class FakeSocket implements SocketLike {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  sent: { id: number; type: string; [field: string]: unknown }[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  say(frame: object): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  drop(code: number): void {
    this.onclose?.(new CloseEvent("close", { code }));
  }

  last(type: string) {
    const frame = this.sent.findLast((sent) => sent.type === type);
    if (!frame) throw new Error(`nothing of type ${type} was sent`);
    return frame;
  }

  /** Opens, and welcomes whoever authenticates. */
  async welcome(): Promise<void> {
    this.onopen?.(new Event("open"));
    await Promise.resolve();
    await Promise.resolve();
    this.say({ re: this.last("auth").id, type: "welcome", user: null, server_ms: Date.now() });
    await Promise.resolve();
    await Promise.resolve();
  }
}
