/**
 * The gateway as component tests play it, at the doors the page has to the outside: `fetch`,
 * `WebSocket`, and the channel between tabs. What lies between is the page's own code.
 */
import { vi } from "vitest";
import { FakeSocket } from "./fake-socket";

export interface Request {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  headers: Record<string, string>;
  keepalive: boolean;
}

/** What answers a request: a status with a body, or `null` for no answer from the network. */
export type Answer = {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
} | null;
type Handler = (request: Request) => Answer | Promise<Answer>;

export class FakeGateway {
  readonly sockets: FakeSocket[] = [];
  readonly requests: Request[] = [];
  private readonly handlers = new Map<string, Handler>();

  /** Puts itself in place of the browser's own until `vi.unstubAllGlobals`. */
  static install(): FakeGateway {
    const gateway = new FakeGateway();
    const { sockets } = gateway;
    vi.stubGlobal(
      "WebSocket",
      class extends FakeSocket {
        constructor() {
          super();
          sockets.push(this);
        }
      },
    );
    vi.stubGlobal("BroadcastChannel", channelClass());
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => gateway.fetch(url, init));
    return gateway;
  }

  /** Answers `method path` (without query) from now on; whatever is not named is 404. */
  on(method: string, path: string, answer: Answer | Handler): this {
    this.handlers.set(`${method} ${path}`, typeof answer === "function" ? answer : () => answer);
    return this;
  }

  /** Lets all wait who ask `method path` from now on; the function returned answers them. */
  hold(method: string, path: string): (answer: Answer) => void {
    let answer: (answer: Answer) => void = () => {};
    const answered = new Promise<Answer>((resolve) => {
      answer = resolve;
    });
    this.on(method, path, () => answered);
    return answer;
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("the page has not opened a socket");
    return socket;
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const method = init.method ?? "GET";
    const request = {
      method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
      headers: { ...(init.headers as Record<string, string>) },
      keepalive: init.keepalive ?? false,
    };
    this.requests.push(request);
    const answer = await (this.handlers.get(`${method} ${pathname}`) ?? notFound)(request);
    if (answer === null) throw new TypeError("Failed to fetch");
    const { status, body, headers = {} } = answer;
    return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
  }
}

/** A BroadcastChannel among the pages of one test only. */
function channelClass() {
  const channels = new Set<{ onmessage: ((event: MessageEvent) => void) | null }>();
  return class {
    onmessage: ((event: MessageEvent) => void) | null = null;

    constructor() {
      channels.add(this);
    }

    postMessage(data: unknown): void {
      for (const other of channels) {
        if (other !== this) other.onmessage?.(new MessageEvent("message", { data }));
      }
    }
  };
}

const notFound: Handler = () => ({ status: 404, body: { code: "NOT_FOUND" } });
