import Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "./sandbox.js";

// The calls that the sandbox serves, by the newest client in the version that it was made for.
let sandbox, stripe;
beforeAll(async () => {
  sandbox = await start();
  stripe = new Stripe("sk_test_1", { protocol: "http", host: "127.0.0.1", port: new URL(sandbox.url).port });
});
afterAll(() => sandbox.stop());

const shop = { success_url: "https://shop.example/thanks" };
const one = async (list) => (await list).data[0];

test("catalog and customers", async () => {
  const product = await stripe.products.create({ name: "Pro" });
  await stripe.products.update(product.id, { metadata: { a: "b" } });
  expect((await stripe.products.retrieve(product.id)).metadata.a).toBe("b");
  expect((await one(stripe.products.list())).id).toBe(product.id);
  expect((await stripe.products.del((await stripe.products.create({ name: "Mistake" })).id)).deleted).toBe(true);
  const price = await stripe.prices.create({ product: product.id, currency: "usd", unit_amount: 500, lookup_key: "once" });
  await stripe.prices.update(price.id, { nickname: "n" });
  expect((await stripe.prices.retrieve(price.id, { expand: ["product"] })).product.name).toBe("Pro");
  expect((await one(stripe.prices.list({ lookup_keys: ["once"] }))).id).toBe(price.id);
  const local = await stripe.prices.create({ product: product.id, currency: "usd", unit_amount: 500, currency_options: { eur: { unit_amount: 450 } } });
  await stripe.prices.update(local.id, { currency_options: { jpy: { unit_amount: 700 } } });
  const { currency_options: options } = await stripe.prices.retrieve(local.id, { expand: ["currency_options"] });
  expect([options.usd.unit_amount, options.eur.unit_amount, options.jpy.unit_amount]).toEqual([500, 450, 700]);
  const abroad = await stripe.checkout.sessions.create({ ...shop, mode: "payment", currency: "eur", line_items: [{ price: local.id, quantity: 2 }] });
  expect([abroad.currency, abroad.amount_total]).toEqual(["eur", 900]);
  const customer = await stripe.customers.create({ email: "ada@shop.example" });
  await stripe.customers.update(customer.id, { name: "Ada" });
  expect((await stripe.customers.retrieve(customer.id)).name).toBe("Ada");
  expect((await one(stripe.customers.list({ email: "ada@shop.example" }))).id).toBe(customer.id);
  expect((await stripe.customers.del(customer.id)).deleted).toBe(true);
});

test("a payment, given back and disputed", async () => {
  const price = await stripe.prices.create({ currency: "usd", unit_amount: 500, product_data: { name: "Once" } });
  const buy = async () => {
    const session = await stripe.checkout.sessions.create({ ...shop, mode: "payment", line_items: [{ price: price.id, quantity: 2 }] });
    await sandbox.control(`checkout/sessions/${session.id}/pay`);
    return stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent.latest_charge"] });
  };
  const { id, payment_intent: intent } = await buy();
  expect(intent.latest_charge.amount).toBe(1000);
  expect((await one(stripe.checkout.sessions.listLineItems(id))).quantity).toBe(2);
  expect((await one(stripe.checkout.sessions.list())).id).toBe(id);
  const left = await stripe.checkout.sessions.create({ ...shop, mode: "payment", line_items: [{ price: price.id, quantity: 1 }] });
  expect((await stripe.checkout.sessions.expire(left.id)).status).toBe("expired");
  expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe("succeeded");
  expect((await one(stripe.paymentIntents.list())).id).toBe(intent.id);
  expect((await stripe.charges.retrieve(intent.latest_charge.id)).paid).toBe(true);
  expect((await one(stripe.charges.list({ payment_intent: intent.id }))).id).toBe(intent.latest_charge.id);
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 100 });
  await stripe.refunds.update(refund.id, { metadata: { a: "b" } });
  expect((await stripe.refunds.retrieve(refund.id)).status).toBe("succeeded");
  expect((await one(stripe.refunds.list())).id).toBe(refund.id);
  await expect(stripe.refunds.cancel(refund.id)).rejects.toThrow();
  const dispute = await sandbox.control(`payments/${(await buy()).id}/dispute`);
  expect((await stripe.disputes.retrieve(dispute.id)).status).toBe("needs_response");
  expect((await one(stripe.disputes.list())).id).toBe(dispute.id);
  expect((await stripe.disputes.close(dispute.id)).status).toBe("lost");
  const setup = await stripe.checkout.sessions.create({ ...shop, mode: "setup", currency: "usd" });
  expect((await stripe.setupIntents.retrieve(setup.setup_intent)).object).toBe("setup_intent");
  expect((await one(stripe.setupIntents.list())).id).toBe(setup.setup_intent);
});

test("a subscription and its invoices", async () => {
  const price = await stripe.prices.create({ currency: "usd", unit_amount: 500, recurring: { interval: "month" }, product_data: { name: "Pro" } });
  const customer = await stripe.customers.create({ name: "Ada" });
  const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
  const made = await stripe.subscriptions.create({ customer: customer.id, default_payment_method: card.id, items: [{ price: price.id }] });
  expect([made.status, made.billing_mode.type]).toEqual(["active", "flexible"]);
  await stripe.subscriptions.update(made.id, { items: [{ id: made.items.data[0].id, quantity: 3 }], proration_behavior: "always_invoice" });
  expect((await one(stripe.subscriptions.list({ customer: customer.id }))).id).toBe(made.id);
  await sandbox.control(`subscriptions/${made.id}/pause`);
  expect((await stripe.subscriptions.resume(made.id)).status).toBe("active");
  const renew = async () => {
    await sandbox.control(`subscriptions/${made.id}/renew`, { pays: false });
    return (await stripe.subscriptions.retrieve(made.id)).latest_invoice;
  };
  expect((await stripe.invoices.pay(await renew(), { paid_out_of_band: true })).status).toBe("paid");
  expect((await stripe.invoices.markUncollectible(await renew())).status).toBe("uncollectible");
  expect((await stripe.invoices.voidInvoice(await renew())).status).toBe("void");
  const invoice = await stripe.invoices.retrieve(made.latest_invoice, { expand: ["payments"] });
  expect(invoice.parent.subscription_details.subscription).toBe(made.id);
  const payment = await stripe.invoicePayments.retrieve(invoice.payments.data[0].id);
  expect((await one(stripe.invoicePayments.list({ invoice: invoice.id }))).id).toBe(payment.id);
  expect((await stripe.invoices.listLineItems(invoice.id)).data[0].pricing.price_details.price).toBe(price.id);
  expect((await stripe.invoices.list({ subscription: made.id })).data.length).toBe(6);
  const sent = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }], collection_method: "send_invoice", days_until_due: 7 });
  expect((await stripe.invoices.sendInvoice(sent.latest_invoice)).status).toBe("open");
  await expect(stripe.invoices.finalizeInvoice(sent.latest_invoice)).rejects.toThrow("already finalized");
  const note = await stripe.creditNotes.create({ invoice: sent.latest_invoice, amount: 100 });
  await stripe.creditNotes.update(note.id, { memo: "m" });
  expect((await stripe.creditNotes.listLineItems(note.id)).data.length).toBe(1);
  expect((await one(stripe.creditNotes.list())).id).toBe(note.id);
  expect((await stripe.creditNotes.voidCreditNote(note.id)).status).toBe("void");
  expect((await stripe.creditNotes.retrieve(note.id)).status).toBe("void");
  expect((await stripe.subscriptions.cancel(made.id)).status).toBe("canceled");
});

test("webhook endpoints and events", async () => {
  const made = await stripe.webhookEndpoints.create({ url: "http://127.0.0.1:9/", enabled_events: ["product.created"], api_version: Stripe.API_VERSION });
  expect(made.secret).toMatch(/^whsec_/);
  expect((await stripe.webhookEndpoints.update(made.id, { disabled: true })).status).toBe("disabled");
  expect((await stripe.webhookEndpoints.retrieve(made.id)).secret).toBeUndefined();
  expect((await one(stripe.webhookEndpoints.list())).id).toBe(made.id);
  expect((await stripe.webhookEndpoints.del(made.id)).deleted).toBe(true);
  await stripe.products.create({ name: "Last" });
  const event = await one(stripe.events.list({ type: "product.created" }));
  expect((await stripe.events.retrieve(event.id)).data.object.name).toBe("Last");
});
