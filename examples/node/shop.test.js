import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "./sandbox.js";

const seen = []; // what a shop would act on
let sandbox, stripe, hook;

beforeAll(async () => {
  hook = createServer(async (request, response) => {
    seen.push(stripe.webhooks.constructEvent(await text(request), request.headers["stripe-signature"], "whsec_test"));
    response.end();
  });
  await new Promise((listening) => hook.listen(0, "127.0.0.1", listening));
  sandbox = await start("--webhook", `http://127.0.0.1:${hook.address().port}`, "--webhook-secret", "whsec_test", "--webhook-version", Stripe.API_VERSION);
  stripe = new Stripe("sk_test_1", { protocol: "http", host: "127.0.0.1", port: new URL(sandbox.url).port });
});
afterAll(() => (hook.close(), sandbox.stop()));

test("a subscription is bought, and its renewal fails", async () => {
  const price = await stripe.prices.create({ currency: "usd", unit_amount: 2900, recurring: { interval: "month" }, product_data: { name: "Pro" } });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription", success_url: "https://shop.example/thanks", line_items: [{ price: price.id, quantity: 1 }],
  });
  await sandbox.control(`checkout/sessions/${session.id}/decline`);
  await sandbox.control(`checkout/sessions/${session.id}/pay`);
  await sandbox.control("wait");
  const completed = seen.find((event) => event.type === "checkout.session.completed").data.object;
  expect(completed).toMatchObject({ id: session.id, payment_status: "paid" });

  const bought = await stripe.subscriptions.retrieve(completed.subscription);
  expect(bought.status).toBe("active");
  expect(bought.items.data[0].current_period_end).toBeGreaterThan(Date.now() / 1000);

  await sandbox.control(`subscriptions/${bought.id}/renew`, { pays: false });
  await sandbox.control("wait");
  expect(seen.some((event) => event.type === "invoice.payment_failed")).toBe(true);
  expect((await stripe.subscriptions.retrieve(bought.id)).status).toBe("past_due");
});
