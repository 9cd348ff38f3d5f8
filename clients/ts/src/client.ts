import { isOutage, Problem } from "./problem.js";
import { atStripe, type Call, type Connection, pause, type Query, request } from "./request.js";
import type {
  ChangedSubscription, ChangePreview, ChangeRequest, Changes, Checkout, CheckoutRequest, EndingSubscription, EndRequest,
  EntitlementCheck, Entitlements, Invoices, Order, Orders, Plans, PausedSubscription, PauseRequest, Portal, PortalRequest, ResumeRequest, Subscribed,
} from "./types.gen.js";

/** Whether a user has a feature: unknown where the service could not be asked. */
export type Answer = "yes" | "no" | "unknown";

/** A question that could not be answered, and why. */
export interface Unanswered {
  feature: string;
  /** For whom a service key asked. */
  user: string | undefined;
  error: unknown;
}

/** Says whether to allow what nobody can say now. */
export type Rule = (unanswered: Unanswered) => boolean | Promise<boolean>;

/** The rule for what must not be had for nothing. */
export const deny: Rule = () => false;

/** The rule for what an outage must not take from those who paid. */
export const allow: Rule = () => true;

export interface Options extends Connection {
  /** For whom a service key asks; `as` says it too. A user's token and cookie name the user themselves. */
  user?: string;
  /** What `allows` says during an outage: `deny` if absent. */
  whenUnknown?: Rule;
  /** Is told of every question that could not be answered; `console.warn` if absent. */
  onUnknown?: (unanswered: Unanswered) => void;
}

/** How one call is made that changes something. */
export interface Once {
  /** Names one intent, such as a click: however often it is sent, it is done once. Else each call is an intent of its own. */
  idempotencyKey?: string;
}

/** How long is waited. */
export interface Wait {
  signal?: AbortSignal;
}

/** How new an answer has to be. */
export interface Read {
  /**
   * A version of the user's rights, as an order or a change said it: the answer is of that one or a later
   * one, whichever replica is asked. Where it is not reached within some seconds the problem has the code
   * version_not_reached.
   */
  atLeast?: number | undefined;
}

const versionWait = 5_000; // for how long the service waits for a version

const changesWait = 20; // seconds: the service holds a page back for 30 at most
const maxChangesPause = 10_000; // before the feed is read on in an outage

const orderWait = 20; // seconds: the service holds an answer back for 30 at most
const orderPause = 1_000; // before an order is asked for again that came back unsettled

/**
 * Asks one service. Nothing is cached: all that `has`, `allows` and `limit` say comes from `check`,
 * so that a cache would stand there.
 */
export class Entitled {
  constructor(private readonly options: Options = {}) {
    if (options.baseURL !== undefined && !/^https?:\/\/[^/?#]/.test(options.baseURL)) {
      throw new TypeError(`baseURL is ${JSON.stringify(options.baseURL)}: give the service's address, such as https://entitled.example.com`);
    }
    // A variable that is not set would make everybody a stranger, and so denied.
    if ("key" in options && !options.key) throw new TypeError("key is empty: give one of the service's API_KEYS, of role app, or leave it out where users ask for themselves");
  }

  /** The same for another user: for a back end with a service key. */
  as(user: string): Entitled {
    return new Entitled({ ...this.options, user });
  }

  /** Asks for one feature, with its value and until when it is held. */
  async check(feature: string, read: Read = {}): Promise<EntitlementCheck> {
    const check = await this.read<EntitlementCheck>(read, {}, "api", "entitlements", feature);
    // Else it would be taken for a no.
    if (typeof check?.entitled !== "boolean") throw new SyntaxError("what was answered is about no feature: is the base URL right?");
    return check;
  }

  /** Tells whether the user has a feature now. */
  async has(feature: string, read: Read = {}): Promise<Answer> {
    try {
      return (await this.check(feature, read)).entitled ? "yes" : "no";
    } catch (error) {
      this.tell({ feature, user: this.options.user, error });
      return "unknown";
    }
  }

  /**
   * Tells whether to let the user have a feature now: in an outage the rule `whenUnknown` decides.
   * A question that is wrong in itself (see `isOutage`) is no, whatever the rule: a misspelled
   * feature must not be open to everybody.
   */
  async allows(feature: string): Promise<boolean> {
    return (await this.decide(feature)).allowed;
  }

  /** What `allows` says, and why if nobody could say. */
  async decide(feature: string): Promise<{ allowed: boolean; error?: unknown }> {
    try {
      return { allowed: (await this.check(feature)).entitled };
    } catch (error) {
      const unanswered = { feature, user: this.options.user, error };
      this.tell(unanswered);
      return { allowed: isOutage(error) && (await (this.options.whenUnknown ?? deny)(unanswered)), error };
    }
  }

  /** How much of a feature the user has: 0 without it, and Infinity without a limit. */
  async limit(feature: string, read: Read = {}): Promise<number> {
    const { entitled, value } = await this.check(feature, read);
    if (!entitled) return 0;
    if (value === "unlimited") return Infinity;
    if (typeof value === "number") return value;
    throw new TypeError(`${feature} is no limit, but ${JSON.stringify(value)}: ask with has or check`);
  }

  /** All that the user may do now, sorted by feature. */
  entitlements(read: Read = {}): Promise<Entitlements> {
    return this.read(read, {}, "api", "entitlements");
  }

  /** What is for sale, the same for everybody: in a currency, and with totals for a quantity, if they are given. */
  plans(view: { currency?: string; quantity?: number } = {}): Promise<Plans> {
    return this.send({ method: "GET", path: ["api", "plans"], query: view, longer: atStripe });
  }

  /** What is for sale, with what each plan is to the user: whether it is held, and what a button would do. */
  myPlans(): Promise<Plans> {
    const query = this.options.key ? this.whom() : { mine: true };
    return this.send({ method: "GET", path: ["api", "plans"], query, longer: atStripe });
  }

  /** Has the user have a plan, by buying it or by changing to it. Send the user to `url`, if `action` is redirect. */
  upgrade(plan: string, how: CheckoutRequest = {}, once: Once = {}): Promise<Checkout> {
    return this.post(how, once, "api", "checkout", plan);
  }

  /** An order as it stands. */
  order(id: string): Promise<Order> {
    return this.get({}, "api", "orders", id);
  }

  /** Asks Stripe how an order stands: for a buyer who is back, and of whom no webhook came. */
  syncOrder(id: string): Promise<Order> {
    return this.send({ method: "POST", path: ["api", "orders", id, "sync"], longer: atStripe });
  }

  /** Waits until the buyer has paid, has failed to, or has left it to a method of payment that takes days. */
  async waitOrder(id: string, wait: Wait = {}): Promise<Order> {
    for (;;) {
      const order = await this.orderSoon(id, wait.signal);
      if (isSettled(order)) return order;
      await pause(orderPause, wait.signal); // the service answers at once if too many wait for it
    }
  }

  /**
   * The order that the buyer comes back from, by the order_id in the page's address; undefined if
   * that names none of this user. Waits 20 s at most for the payment to be told, and asks Stripe if
   * nothing was. That a buyer came back proves nothing: look at the status.
   */
  async returned(address: string | URL, wait: Wait = {}): Promise<Order | undefined> {
    const id = new URL(address, "http://localhost").searchParams.get("order_id");
    if (!id) return undefined;
    const { user_id } = this.whom(); // a service key sees the orders of everybody
    try {
      let order = await this.order(id);
      if (user_id !== undefined && order.user_id !== user_id) return undefined;
      // A subscription may come a moment after its payment.
      if (!isSettled(order) || (order.status === "paid" && order.version === undefined)) order = await this.orderSoon(id, wait.signal);
      return isSettled(order) ? order : await this.syncOrder(id);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return undefined;
      throw error;
    }
  }

  /** How the user's subscription stands, with others that are beside it. */
  subscription(read: Read = {}): Promise<Subscribed> {
    return this.read(read, {}, "api", "subscription");
  }

  /** What a change would cost and give. Send its proration_date with the change, within an hour, and it costs just that. */
  preview(wish: ChangeRequest): Promise<ChangePreview> {
    const { proration_date: _, ...query } = wish;
    return this.send({ method: "GET", path: ["api", "subscription", "preview"], query: { ...query, ...this.whom() }, longer: atStripe });
  }

  /**
   * Changes the subscription, for pages of your own that have confirmed it. What costs more is charged
   * at once. If that is not paid nothing has changed, and `url` leads to where it is.
   */
  change(wish: ChangeRequest, once: Once = {}): Promise<ChangedSubscription> {
    return this.post(wish, once, "api", "subscription", "change");
  }

  /** Ends the subscription with its period, or now. */
  cancel(which: EndRequest = {}, once: Once = {}): Promise<EndingSubscription> {
    return this.post(which, once, "api", "subscription", "cancel");
  }

  /** Has nothing be billed, and nothing given, from the end of the present period on, where the plan is pausable. */
  pause(which: PauseRequest = {}, once: Once = {}): Promise<PausedSubscription> {
    return this.post(which, once, "api", "subscription", "pause");
  }

  /** Takes back what is planned for the subscription, its end or a change, and a pause. What begins anew after a pause is charged at once. */
  resume(which: ResumeRequest = {}, once: Once = {}): Promise<EndingSubscription> {
    return this.post(which, once, "api", "subscription", "resume");
  }

  /** Opens Stripe's billing portal. Its address lets in whoever has it, for some minutes: ask for a new one with each click. */
  portal(what: PortalRequest = {}): Promise<Portal> {
    return this.send({ method: "POST", path: ["api", "portal"], body: { ...what, ...this.whom() }, longer: atStripe, once: true });
  }

  /** What the user ordered, the last begun first. */
  orders({ atLeast, ...page }: { limit?: number; after?: string } & Read = {}): Promise<Orders> {
    return this.read({ atLeast }, page, "api", "orders");
  }

  /** What the user was billed, with Stripe's pages and documents, the newest first. */
  invoices(page: { limit?: number } = {}): Promise<Invoices> {
    return this.send({ method: "GET", path: ["api", "invoices"], query: { ...page, ...this.whom() }, longer: atStripe });
  }

  /** The part of the feed that follows a position: what users may do, as it changed. For a service key. */
  changes(after: number): Promise<Changes> {
    return this.changesSoon({ after });
  }

  /** The position at which the feed ends: who reads all that users have after it, and follows the feed from there, misses nothing. */
  async lastChange(): Promise<number> {
    return (await this.changesSoon({ limit: 0 })).next;
  }

  /**
   * What follows a position, page by page, as soon as it is there. Keep the `next` of a page together with
   * what was made of it: a page that was not kept comes again. An outage is waited for. A problem with the
   * code cursor_pruned or cursor_ahead says to begin anew, with `lastChange`.
   */
  async *followChanges(after: number, wait: Wait = {}): AsyncGenerator<Changes, void, undefined> {
    for (let outages = 0; ; ) {
      let page: Changes;
      try {
        page = await this.changesSoon({ after }, changesWait, wait.signal);
      } catch (error) {
        if (!isOutage(error)) throw error;
        await pause(Math.min(250 * 2 ** Math.min(outages++, 6), maxChangesPause), wait.signal);
        continue;
      }
      outages = 0;
      if (page.next === after) continue;
      yield page;
      after = page.next;
    }
  }

  private changesSoon(query: Query, seconds = 0, signal?: AbortSignal): Promise<Changes> {
    const waits = seconds > 0 ? { wait: `${seconds}s` } : {};
    return this.send({ method: "GET", path: ["api", "changes"], query: { ...query, ...waits }, longer: seconds * 1000, signal });
  }

  /** What is read of the user. */
  private read<T>({ atLeast }: Read, query: Query, ...path: string[]): Promise<T> {
    const longer = atLeast === undefined ? 0 : versionWait;
    return this.send({ method: "GET", path, query: { ...query, at_least: atLeast, ...this.whom() }, longer });
  }

  /** An order, held back until it is settled, for some time. */
  private orderSoon(id: string, signal?: AbortSignal): Promise<Order> {
    const query = { wait: `${orderWait}s` };
    return this.send({ method: "GET", path: ["api", "orders", id], query, longer: orderWait * 1000, signal });
  }

  private get<T>(query: Query, ...path: string[]): Promise<T> {
    return this.send({ method: "GET", path, query });
  }

  private post<T>(body: object, once: Once, ...path: string[]): Promise<T> {
    const key = once.idempotencyKey ?? newKey();
    return this.send({ method: "POST", path, body: { ...body, ...this.whom() }, key, longer: atStripe });
  }

  private send<T>(call: Call): Promise<T> {
    return request<T>(this.options, call);
  }

  /** Names the user to the service, which knows it of a token or cookie. */
  private whom(): { user_id?: string } {
    const { key, user } = this.options;
    if (key && !user) throw new TypeError('a service key has to say for whom it asks: client.as("user_42")');
    return user ? { user_id: user } : {};
  }

  private tell(unanswered: Unanswered): void {
    const tell = this.options.onUnknown ?? ((u: Unanswered) => console.warn(`entitled: whether ${u.feature} is held is not known`, u.error));
    tell(unanswered);
  }
}

/** Tells that the page which the buyer returns to has something to say. */
export function isSettled(order: Order): boolean {
  return order.status !== "pending" && order.status !== "open";
}

/** Made up for one intent. (randomUUID is not there on pages without TLS.) */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
