/**
 * The HTTP API: JSON in and out, problem+json as HttpProblem, and a bearer token that is refreshed
 * once when it is refused.
 */

export interface FieldFault {
  field: string;
  code: string;
  message: string;
}

/** Silence for this long is no answer; the server's own bounds are shorter. */
const TIMEOUT_MS = 10_000;

/** A refusal with a stable `code`; NETWORK when no answer came. */
export class HttpProblem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly errors: readonly FieldFault[] = [],
    readonly retryAfterMs: number | null = null,
    readonly detail: string = "",
  ) {
    super(code);
  }
}

/** Runs `work` and answers how the server refused it, null when it did not. */
export async function problemOf(work: () => Promise<unknown>): Promise<HttpProblem | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
}

export interface TokenSource {
  current(): string | null;
  /** A new token, or null when there is no session. Throws HttpProblem when that is not known. */
  refreshed(): Promise<string | null>;
}

export interface Call {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  body?: object;
  query?: Record<string, string | number | null | undefined>;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Lets the call end, and its cookies be kept, when the page is left meanwhile. */
  keepalive?: boolean;
}

export class Http {
  constructor(
    private readonly tokens: TokenSource,
    private readonly fetcher: typeof fetch = (...call) => fetch(...call),
  ) {}

  /** Calls `path` and answers the body read as `T`. Throws HttpProblem. */
  async call<T>(path: string, call: Call = {}): Promise<T> {
    const token = this.tokens.current();
    const answer = await this.send(path, call, token);
    if (answer.status !== 401) return read<T>(answer);
    const renewed = await this.tokens.refreshed();
    return read<T>(renewed === null ? answer : await this.send(path, call, renewed));
  }

  private async send(path: string, call: Call, token: string | null): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", ...call.headers };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (call.body) headers["Content-Type"] = "application/json";
    try {
      return await this.fetcher(path + queryText(call.query), {
        method: call.method ?? "GET",
        headers,
        credentials: "same-origin",
        keepalive: call.keepalive ?? false,
        signal: AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS),
        ...(call.body ? { body: JSON.stringify(call.body) } : {}),
      });
    } catch {
      throw new HttpProblem("NETWORK", 0);
    }
  }
}

function queryText(query: Call["query"]): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value != null && value !== "");
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

async function read<T>(answer: Response): Promise<T> {
  const text = await answer.text().catch(() => null); // cut off half way
  if (text === null) throw new HttpProblem("NETWORK", 0);
  const body = parsed(text);
  if (answer.ok) return body as T;
  const problem = (body ?? {}) as { code?: string; errors?: FieldFault[]; detail?: string };
  const retryAfterS = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  throw new HttpProblem(
    problem.code ?? "INTERNAL",
    answer.status,
    problem.errors,
    Number.isFinite(retryAfterS) ? retryAfterS * 1_000 : null,
    problem.detail,
  );
}

function parsed(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
