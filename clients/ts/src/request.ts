import { NoAnswer, Problem, readProblem } from "./problem.js";

/** Where the service is, who asks, and how long it may take. */
export interface Connection {
  /** The service's address, such as https://entitled.example.com; that of the page itself if absent. */
  baseURL?: string;
  /** A service key of role app: for back ends alone, as it acts for every user. */
  key?: string;
  /** The token of the user who is signed in. Without it, and without a key, the page's cookie goes with the requests. */
  token?: () => string | Promise<string>;
  /** How many milliseconds one try may take; 5000 if absent. What asks Stripe may take 20 s more. */
  timeout?: number;
  /** How often a request is made again that may be; 2 if absent, 0 for never. */
  retries?: number;
  /** Sends the requests; the global one if absent. */
  fetch?: typeof fetch;
}

export type Query = Record<string, string | number | boolean | undefined>;

/** One call of the service. */
export interface Call {
  method: "GET" | "POST";
  path: string[];
  query?: Query;
  body?: object;
  /** Idempotency-Key. */
  key?: string;
  /** Milliseconds beyond the usual time-out. */
  longer?: number;
  /** A repetition would do it twice. */
  once?: boolean;
  signal?: AbortSignal | undefined;
}

/** How much longer a request may take of which the service asks Stripe. */
export const atStripe = 20_000;

/** How long is waited for another try. Who is told to come later than that gets the problem. */
const maxPause = 2_000;

/** Makes a call, again if it may be and that can help, and reads its answer. */
export async function request<T>(to: Connection, call: Call): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await once<T>(to, call);
    } catch (error) {
      const wait = pauseAfter(error, tries);
      if (wait === undefined || call.once || tries >= (to.retries ?? 2)) throw error;
      await pause(wait, call.signal);
    }
  }
}

/** How long to wait before a failed call is made again; undefined if it should not be. */
function pauseAfter(error: unknown, tries: number): number | undefined {
  const step = 100 * 2 ** Math.min(tries, 4);
  const wait = step / 2 + Math.random() * step;
  if (error instanceof NoAnswer) return wait;
  // The service says of these, and of no others, that the same request may be made again.
  if (!(error instanceof Problem) || (error.status !== 429 && error.status !== 503)) return undefined;
  return error.retryAfter > maxPause ? undefined : Math.max(wait, error.retryAfter);
}

async function once<T>(to: Connection, call: Call): Promise<T> {
  const timeout = AbortSignal.timeout((to.timeout ?? 5_000) + (call.longer ?? 0));
  const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout;
  const headers: Record<string, string> = { Accept: "application/json" };
  const bearer = to.key ?? (await to.token?.());
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (call.body) headers["Content-Type"] = "application/json";
  if (call.key) headers["Idempotency-Key"] = call.key;
  const address = addressOf(to, call);
  // A redirect is no answer: the key is for one service, and not for whatever something before it points to.
  const init: RequestInit = { method: call.method, headers, signal, credentials: bearer ? "omit" : "include", redirect: "manual" };
  if (call.body) init.body = JSON.stringify(call.body);
  try {
    const response = await (to.fetch ?? fetch)(address, init);
    if (!response.ok) throw await readProblem(response);
    const text = await response.text();
    return parse<T>(text, address);
  } catch (error) {
    call.signal?.throwIfAborted(); // that the caller gave up is no fault of the service
    if (error instanceof Problem || error instanceof SyntaxError) throw error;
    throw new NoAnswer(`the service does not answer: ${call.method} ${address}`, { cause: error });
  }
}

function parse<T>(text: string, address: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new SyntaxError(`${address} was answered by something that is no service of this kind: is the base URL right?`, { cause });
  }
}

function addressOf(to: Connection, call: Call): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const base = (to.baseURL ?? "").replace(/\/$/, "");
  return `${base}/${call.path.map(encodeURIComponent).join("/")}${query.size ? `?${query}` : ""}`;
}

/** Lets time pass, unless the signal comes first. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => (clearTimeout(timer), reject(signal?.reason));
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => (signal?.removeEventListener("abort", give), resolve()), milliseconds);
    signal?.addEventListener("abort", give, { once: true });
  });
}
