import { describe, expect, test } from "vitest";
import { allow, deny, Entitled, isOutage, type Options, Problem, requires } from "../src/index.js";
import { no, problem, type Said, service, yes } from "./service.js";

const quiet = { key: "key", user: "u", onUnknown: () => {} };
const client = (url: string, options: Options = {}) => new Entitled({ ...quiet, baseURL: url, ...options });

const busy = problem(503, "unavailable");

describe("has", () => {
  test.for<[Said, "yes" | "no" | "unknown", boolean]>([
    [yes, "yes", false],
    [no, "no", false],
    [busy, "unknown", true],
    [problem(500, "internal"), "unknown", true],
    [{ status: 502, body: "<h1>Bad gateway</h1>" }, "unknown", true],
    [problem(404, "unknown_feature"), "unknown", false],
    [problem(401, "bad_credentials"), "unknown", false],
    [{ status: 302, headers: { Location: "http://127.0.0.1:1/" } }, "unknown", false],
    [{ body: "<h1>Hello</h1>" }, "unknown", false],
    [{ body: {} }, "unknown", false],
  ])("%j is %s, and an outage: %s", async ([said, answer, outage]) => {
    const { url } = await service(said);
    const one = client(url, { retries: 0 });
    expect(await one.has("sso")).toBe(answer);
    if (answer === "unknown") expect(isOutage(await one.check("sso").catch((error) => error))).toBe(outage);
  });

  test("names the user, the feature and the key", async () => {
    const { url, asked } = await service(yes);
    await client(url).as("a b").has("x/y");
    expect(asked[0]).toMatchObject({ url: "/api/entitlements/x%2Fy?user_id=a+b", headers: { authorization: "Bearer key" } });
  });

  test("a user's token names the user by itself", async () => {
    const { url, asked } = await service(yes);
    await new Entitled({ baseURL: url, token: async () => "a.b.c" }).has("sso");
    expect(asked[0]).toMatchObject({ url: "/api/entitlements/sso", headers: { authorization: "Bearer a.b.c" } });
  });

  test("a service key has to say for whom it asks", async () => {
    await expect(new Entitled({ baseURL: "http://x", key: "key" }).check("sso")).rejects.toThrow('as("user_42")');
  });
});

describe("allows", () => {
  test.for<[string, Said, Options["whenUnknown"], boolean]>([
    ["yes", yes, deny, true],
    ["no", no, allow, false],
    ["an outage", busy, undefined, false],
    ["an outage, by the rule allow", busy, allow, true],
    ["an outage, by a rule of one's own", busy, async ({ feature, user }) => feature === "sso" && user === "u", true],
    ["a misspelled feature, whatever the rule", problem(404, "unknown_feature"), allow, false],
  ])("%s", async ([, said, rule, want]) => {
    const { url } = await service(said);
    expect(await client(url, { retries: 0, ...(rule && { whenUnknown: rule }) }).allows("sso")).toBe(want);
  });

  test("by its rule where nobody listens", async () => {
    const { url, close } = await service(yes);
    await close();
    expect(await client(url, { retries: 0, whenUnknown: allow }).allows("sso")).toBe(true);
  });

  test("and does not wait longer than its timeout", async () => {
    const hangs = (_: unknown, init?: RequestInit) =>
      new Promise<Response>((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
    expect(await client("http://x", { fetch: hangs, timeout: 10, retries: 0 }).allows("sso")).toBe(false);
  });
});

describe("a request is made again", () => {
  const checkout = { body: { action: "none", purpose: "manage" } };
  test.for<[string, Said[], (c: Entitled) => Promise<unknown>, number]>([
    ["if it reads", [busy, busy, yes], (c) => c.check("sso"), 3],
    ["but not for ever", [busy], (c) => c.check("sso").catch(() => 0), 3],
    ["but not if it is told to come much later", [problem(503, "unavailable", { "Retry-After": "60" })], (c) => c.check("sso").catch(() => 0), 1],
    ["but not if it was wrong", [problem(404, "unknown_feature")], (c) => c.check("sso").catch(() => 0), 1],
    ["if it has a key", [busy, checkout], (c) => c.upgrade("pro"), 2],
    ["but not if somebody else changed it", [problem(409, "changed_meanwhile")], (c) => c.change({ plan: "pro" }).catch(() => 0), 1],
    ["if it pauses, by its key", [busy, { body: {} }], (c) => c.pause(), 2],
    ["but not a visit to the portal", [busy], (c) => c.portal().catch(() => 0), 1],
  ])("%s", async ([, said, call, tries]) => {
    const { url, asked } = await service(...said);
    await call(client(url));
    expect(asked).toHaveLength(tries);
    expect(new Set(asked.map((one) => one.headers["idempotency-key"])).size).toBe(1);
  });
});

test("upgrade sends what is wanted, by the caller's key", async () => {
  const { url, asked } = await service({ body: { action: "none", purpose: "manage" } });
  await client(url).upgrade("pro", { price: "yearly", quantity: 5 }, { idempotencyKey: "click-1" });
  expect(asked[0]).toMatchObject({ method: "POST", url: "/api/checkout/pro", headers: { "idempotency-key": "click-1" } });
  expect(JSON.parse(asked[0]!.body)).toEqual({ price: "yearly", quantity: 5, user_id: "u" });
});

test.for<[string, (c: Entitled) => Promise<unknown>, object]>([
  ["/api/subscription/pause", (c) => c.pause(), {}],
  ["/api/subscription/pause", (c) => c.pause({ plan: "pro", resumes_at: "2027-03-01T00:00:00Z" }), { plan: "pro", resumes_at: "2027-03-01T00:00:00Z" }],
  ["/api/subscription/resume", (c) => c.resume({ plan: "pro" }), { plan: "pro" }],
  ["/api/subscription/cancel", (c) => c.cancel({ plan: "storage", when: "now" }), { plan: "storage", when: "now" }],
  ["/api/subscription/change", (c) => c.change({ plan: "team", quantity: 3, when: "period_end" }), { plan: "team", quantity: 3, when: "period_end" }],
  ["/api/checkout/pro", (c) => c.upgrade("pro", { currency: "eur" }), { currency: "eur" }],
])("%s is sent what is wanted, and a key", async ([path, call, body]) => {
  const { url, asked } = await service({ body: {} });
  await call(client(url));
  expect(asked[0]).toMatchObject({ method: "POST", url: path, headers: { "idempotency-key": expect.stringMatching(/.{16}/) } });
  expect(JSON.parse(asked[0]!.body)).toEqual({ ...body, user_id: "u" });
});

test("plans are asked for in a currency, with totals", async () => {
  const { url, asked } = await service({ body: { plans: [] } });
  await client(url).plans({ currency: "eur", quantity: 7 });
  await client(url).plans();
  expect(asked.map((a) => a.url)).toEqual(["/api/plans?currency=eur&quantity=7", "/api/plans"]);
});

test("a problem is what the service says", async () => {
  const { url } = await service(problem(409, "already_held"));
  const error = await client(url).upgrade("pro").catch((error) => error);
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ status: 409, code: "already_held", detail: "D", requestId: "R" });
});

test("a limit is a number", async () => {
  for (const [value, want] of [[100, 100], ["unlimited", Infinity], [0, 0]] as const) {
    const { url } = await service({ body: { ...yes.body, value } });
    expect(await client(url).limit("projects")).toBe(want);
  }
  await expect(client((await service(yes)).url).limit("sso")).rejects.toThrow("no limit");
});

describe("returned", () => {
  const order = (status: string, user = "u"): Said => ({ body: { id: "ord_1", user_id: user, plan: "pro", status } });
  const given: Said = { body: { id: "ord_1", user_id: "u", plan: "pro", status: "paid", version: 1 } };
  test.for<[string, string, Said[], string | undefined, string[]]>([
    ["is paid", "/?order_id=ord_1", [given], "paid", ["GET"]],
    ["gives a moment later", "/?order_id=ord_1", [order("paid"), given], "paid", ["GET", "GET"]],
    ["is paid while asked", "https://shop.example/?order_id=ord_1", [order("open"), order("paid")], "paid", ["GET", "GET"]],
    ["was never told", "/?order_id=ord_1", [order("open"), order("open"), order("paid")], "paid", ["GET", "GET", "POST"]],
    ["is somebody else's", "/?order_id=ord_1", [order("paid", "v")], undefined, ["GET"]],
    ["is not known", "/?order_id=ord_2", [problem(404, "not_found")], undefined, ["GET"]],
    ["names nothing", "/", [order("paid")], undefined, []],
  ])("%s", async ([, address, said, status, methods]) => {
    const { url, asked } = await service(...said);
    expect((await client(url).returned(address))?.status).toBe(status);
    expect(asked.map((one) => one.method)).toEqual(methods);
  });
});

test("waiting ends when the caller gives up, and that is no outage", async () => {
  const { url } = await service({ body: { id: "ord_1", status: "open" } });
  const gaveUp = await client(url).waitOrder("ord_1", { signal: AbortSignal.timeout(50) }).catch((error) => error);
  expect(gaveUp.name).toBe("TimeoutError");
  expect(isOutage(gaveUp)).toBe(false);
});

test.for<[string | undefined, Said, number]>([["u", yes, 200], ["u", no, 403], [undefined, yes, 401], ["u", busy, 503], ["u", problem(404, "unknown_feature"), 500]])(
  "requires: %s, %j: %i", async ([user, said, status]) => {
    const { url } = await service(said);
    const response = { statusCode: 200, end: () => {} };
    let passed = false;
    await requires(client(url, { retries: 0 }), "sso", () => user)({}, response, () => (passed = true));
    expect(response.statusCode).toBe(status);
    expect(passed).toBe(status === 200);
  });

test("a version is asked for", async () => {
  const { url, asked } = await service(yes);
  const one = client(url);
  await one.has("sso", { atLeast: 7 });
  await one.entitlements({ atLeast: 7 });
  await one.subscription({ atLeast: 7 });
  await one.orders({ limit: 3, atLeast: 7 });
  expect(asked.map((a) => a.url)).toEqual([
    "/api/entitlements/sso?at_least=7&user_id=u", "/api/entitlements?at_least=7&user_id=u",
    "/api/subscription?at_least=7&user_id=u", "/api/orders?limit=3&at_least=7&user_id=u",
  ]);
});

describe("followChanges", () => {
  const page = (next: number, ...positions: number[]): Said => ({ body: { next, changes: positions.map((position) => ({ position, kind: "change" })) } });

  test("goes on from what was taken", async () => {
    const { url, asked } = await service(page(2, 1, 2), page(2), page(5, 3), page(6, 6));
    const taken: number[] = [];
    for await (const { changes, next } of client(url, { user: "" }).followChanges(0)) {
      if (next === 6) break;
      taken.push(...changes.map((change) => change.position));
    }
    expect(taken).toEqual([1, 2, 3]);
    expect(asked.map((a) => a.url)).toEqual([0, 2, 2, 5].map((after) => `/api/changes?after=${after}&wait=20s`));
  });

  test("waits for the end of an outage", async () => {
    const { url, asked } = await service(busy, page(1, 1));
    const { value } = await client(url, { retries: 0 }).followChanges(0).next();
    expect(value).toMatchObject({ next: 1 });
    expect(asked).toHaveLength(2);
  });

  test("ends with a cursor that is of no use, and tells where to begin anew", async () => {
    const { url, asked } = await service(problem(410, "cursor_pruned"), page(9));
    const one = client(url);
    await expect(one.followChanges(3).next()).rejects.toMatchObject({ status: 410, code: "cursor_pruned" });
    expect(await one.lastChange()).toBe(9);
    expect(asked[1]!.url).toBe("/api/changes?limit=0");
  });

  test("ends when the caller gives up", async () => {
    const { url } = await service(page(0));
    await expect(client(url).followChanges(0, { signal: AbortSignal.timeout(50) }).next()).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

test.for([{ baseURL: "entitled:8080" }, { baseURL: "" }, { key: "" }, { key: process.env.NOT_SET } as Options])("%o cannot be meant", (options) => {
  expect(() => new Entitled(options)).toThrow(TypeError);
});
