import { afterAll, beforeAll, expect, test } from "vitest";
import { Entitled } from "../src/index.js";
import { pay, startDev } from "./dev.js";

let dev: Awaited<ReturnType<typeof startDev>>, entitled: Entitled;

beforeAll(async () => {
  dev = await startDev();
  entitled = new Entitled({ baseURL: dev.url, key: dev.key, onUnknown: () => {} });
});
afterAll(() => dev?.stop());

test("a user buys, pauses, changes, ends and resumes, and holds what is paid for", async () => {
  const ada = entitled.as("ada");
  expect(await ada.has("sso")).toBe("no");
  expect((await entitled.plans()).plans.map((plan) => plan.key)).toEqual(["free", "basic", "pro", "team", "priority"]);
  expect((await ada.myPlans()).plans.map((plan) => plan.action)).toEqual(["none", "buy", "buy", "start_trial", "none"]);

  const click = { idempotencyKey: "click-1" };
  const checkout = await ada.upgrade("pro", { price: "monthly" }, click);
  expect(checkout).toMatchObject({ action: "redirect", purpose: "checkout" });
  expect((await ada.upgrade("pro", { price: "monthly" }, click)).order_id).toBe(checkout.order_id);
  expect((await ada.order(checkout.order_id!)).status).toBe("open");

  const waiting = ada.waitOrder(checkout.order_id!);
  const back = await pay(checkout.url!);
  expect(await waiting).toMatchObject({ status: "paid", plan: "pro" });
  expect((await ada.returned(back))?.status).toBe("paid");
  expect(await entitled.as("bob").returned(back)).toBeUndefined();
  expect((await ada.syncOrder(checkout.order_id!)).status).toBe("paid");

  expect(await ada.has("sso")).toBe("yes");
  expect(await ada.allows("sso")).toBe(true);
  expect(await ada.limit("projects")).toBe(100);
  expect((await ada.entitlements()).entitlements.map((one) => one.feature)).toEqual(["projects", "seats", "sso"]);
  expect((await ada.subscription()).subscription).toMatchObject({ plan: "pro", price: "monthly", status: "active" });
  expect((await ada.myPlans()).plans.find((plan) => plan.key === "pro")?.held).toBe(true);

  expect((await entitled.plans({ currency: "eur", quantity: 7 })).plans).toHaveLength(5);
  await expect(entitled.as("bob").upgrade("pro", { currency: "eur" })).rejects.toMatchObject({ status: 422, code: "currency_not_sold" });

  expect(await ada.pause()).toMatchObject({ plan: "pro", paused: true, resumes_at: null });
  await expect(ada.change({ plan: "team" })).rejects.toMatchObject({ status: 409, code: "subscription_paused" });
  expect((await ada.resume()).plan).toBe("pro");
  expect((await ada.subscription()).subscription?.pause).toBeNull();

  const preview = await ada.preview({ plan: "pro", price: "yearly" });
  expect(preview).toMatchObject({ currency: "usd", when: "now" });
  const changed = await ada.change({ plan: "pro", price: "yearly", proration_date: preview.proration_date });
  expect(changed).toMatchObject({ action: "none", price: "yearly" });
  const invoices = (await ada.invoices({ limit: 10 })).invoices;
  expect(invoices.map((invoice) => invoice.amount_paid)).toContain(preview.due_now);

  expect(await ada.change({ plan: "priority", price: "yearly" })).toMatchObject({ action: "none", plan: "priority" });
  expect(await ada.has("support")).toBe("yes");
  expect((await ada.cancel({ plan: "priority", when: "now" })).ended_at).not.toBeNull();
  expect(await ada.has("support")).toBe("no");

  expect((await ada.cancel()).ends_at).not.toBeNull();
  expect((await ada.resume()).ends_at).toBeNull();
  expect((await ada.portal({ flow: "payment_method_update" })).url).toMatch(/^http/);
  expect((await ada.orders({ limit: 5 })).orders.map((order) => order.id)).toEqual([checkout.order_id]);
}, 30_000);

test("a misspelled feature is unknown, and not for everybody", async () => {
  const bob = new Entitled({ baseURL: dev.url, key: dev.key, user: "bob", whenUnknown: () => true, onUnknown: () => {} });
  expect(await bob.has("ssso")).toBe("unknown");
  expect(await bob.allows("ssso")).toBe(false);
});

test("a wrong key is a problem with a code", async () => {
  const stranger = new Entitled({ baseURL: dev.url, key: "nobody's", user: "bob" });
  await expect(stranger.check("sso")).rejects.toMatchObject({ status: 401, code: "bad_credentials" });
});
