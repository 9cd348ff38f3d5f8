import Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "./sandbox.js";

// The calls that shops make besides Checkout: cards, intents, bills, the portal and clocks.
let sandbox, stripe;
beforeAll(async () => {
  sandbox = await start();
  stripe = new Stripe("sk_test_1", { protocol: "http", host: "127.0.0.1", port: new URL(sandbox.url).port });
});
afterAll(() => sandbox.stop());

const one = async (list) => (await list).data[0];
const buyer = async () => {
  const customer = await stripe.customers.create({ name: "Ada" });
  const method = await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
  return { customer: customer.id, method: method.id };
};
const monthly = (amount = 500) =>
  stripe.prices.create({ currency: "usd", unit_amount: amount, recurring: { interval: "month" }, product_data: { name: "Pro" } });

test("payment methods", async () => {
  const { customer, method } = await buyer();
  expect((await stripe.paymentMethods.retrieve(method)).card.last4).toBe("4242");
  await stripe.paymentMethods.update(method, { metadata: { a: "b" } });
  expect((await one(stripe.paymentMethods.list({ customer, type: "card" }))).metadata.a).toBe("b");
  expect((await one(stripe.customers.listPaymentMethods(customer))).id).toBe(method);
  expect((await stripe.customers.retrievePaymentMethod(customer, method)).id).toBe(method);
  expect((await stripe.paymentMethods.detach(method)).customer).toBeNull();
  expect((await stripe.paymentMethods.create({ type: "card", card: { token: "tok_visa" } })).card.brand).toBe("visa");
});

test("intents", async () => {
  const { customer, method } = await buyer();
  const made = await stripe.paymentIntents.create({ amount: 700, currency: "usd", customer });
  await stripe.paymentIntents.update(made.id, { amount: 800 });
  const paid = await stripe.paymentIntents.confirm(made.id, { payment_method: method, return_url: "https://shop.example/" });
  expect([paid.status, paid.amount_received]).toEqual(["succeeded", 800]);
  const held = await stripe.paymentIntents.create({ amount: 700, currency: "usd", customer, capture_method: "manual" });
  await stripe.paymentIntents.confirm(held.id, { payment_method: method, return_url: "https://shop.example/" });
  expect((await stripe.paymentIntents.capture(held.id)).status).toBe("succeeded");
  const left = await stripe.paymentIntents.create({ amount: 700, currency: "usd" });
  expect((await stripe.paymentIntents.cancel(left.id)).status).toBe("canceled");
  const setup = await stripe.setupIntents.create({ customer });
  await stripe.setupIntents.update(setup.id, { metadata: { a: "b" } });
  expect((await stripe.setupIntents.confirm(setup.id, { payment_method: method, return_url: "https://shop.example/" })).status).toBe("succeeded");
  expect((await stripe.setupIntents.cancel((await stripe.setupIntents.create()).id)).status).toBe("canceled");
});

test("bills", async () => {
  const { customer, method } = await buyer();
  const item = await stripe.invoiceItems.create({ customer, amount: 300, currency: "usd", description: "Extra" });
  await stripe.invoiceItems.update(item.id, { amount: 400 });
  expect((await stripe.invoiceItems.retrieve(item.id)).amount).toBe(400);
  expect((await one(stripe.invoiceItems.list({ customer }))).id).toBe(item.id);
  const extra = await stripe.invoiceItems.create({ customer, amount: 1, currency: "usd" });
  expect((await stripe.invoiceItems.del(extra.id)).deleted).toBe(true);
  const draft = await stripe.invoices.create({ customer, pending_invoice_items_behavior: "include", default_payment_method: method });
  await stripe.invoices.update(draft.id, { description: "Thanks" });
  expect((await stripe.invoices.finalizeInvoice(draft.id)).amount_due).toBe(400);
  expect((await stripe.invoices.pay(draft.id)).status).toBe("paid");

  const { customer: other, method: card } = await buyer();
  const sub = await stripe.subscriptions.create({ customer: other, default_payment_method: card, items: [{ price: (await monthly()).id }] });
  const added = await stripe.subscriptionItems.create({ subscription: sub.id, price: (await monthly(900)).id });
  expect((await stripe.subscriptionItems.update(added.id, { quantity: 2 })).quantity).toBe(2);
  expect((await stripe.subscriptionItems.retrieve(added.id)).subscription).toBe(sub.id);
  expect((await stripe.subscriptionItems.list({ subscription: sub.id })).data.length).toBe(2);
  const preview = await stripe.invoices.createPreview({ customer: other, subscription: sub.id });
  expect(preview.lines.data.length).toBeGreaterThan(1);
  expect((await stripe.subscriptionItems.del(added.id)).deleted).toBe(true);
});

test("the portal", async () => {
  const { customer } = await buyer();
  const made = await stripe.billingPortal.configurations.create({ features: { invoice_history: { enabled: true }, payment_method_update: { enabled: true } } });
  await stripe.billingPortal.configurations.update(made.id, { metadata: { a: "b" } });
  expect((await stripe.billingPortal.configurations.retrieve(made.id)).metadata.a).toBe("b");
  expect((await stripe.billingPortal.configurations.list()).data.map((c) => c.id)).toContain(made.id);
  const session = await stripe.billingPortal.sessions.create({ customer, configuration: made.id, return_url: "https://shop.example/" });
  expect((await fetch(session.url)).status).toBe(200);
});

test("disputes and test clocks", async () => {
  const { customer, method } = await buyer();
  const paid = await stripe.paymentIntents.create({ amount: 700, currency: "usd", customer, payment_method: method, confirm: true, return_url: "https://shop.example/" });
  const { id } = await sandbox.control(`payments/${paid.id}/dispute`);
  expect((await stripe.disputes.update(id, { evidence: { product_description: "A plan" } })).evidence.product_description).toBe("A plan");
  const now = Math.floor(Date.now() / 1000);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: now });
  const advanced = await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: now + 86400 });
  expect(["advancing", "ready"]).toContain(advanced.status);
  expect((await stripe.testHelpers.testClocks.retrieve(clock.id)).id).toBe(clock.id);
  expect((await one(stripe.testHelpers.testClocks.list())).id).toBe(clock.id);
  expect((await stripe.testHelpers.testClocks.del(clock.id)).deleted).toBe(true);
});
