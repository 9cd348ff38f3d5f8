import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backend } from "./backend.js";

let product;
beforeAll(async () => {
  if (!process.env.ENTITLED_URL) throw new Error("ENTITLED_URL names no service: start entitled dev, and set it to http://localhost:8080");
  product = backend({ baseURL: process.env.ENTITLED_URL, key: "entitled_dev_key", user: (request) => request.headers["x-demo-user"] });
  await once(product.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => product?.close());

async function ask(method, path, user) {
  const headers = user ? { "X-Demo-User": user } : {};
  const answer = await fetch(`http://127.0.0.1:${product.address().port}${path}`, { method, headers, redirect: "manual" });
  return { status: answer.status, location: answer.headers.get("Location"), text: (await answer.text()).trim() };
}

// pay pays on the page that a checkout leads to, and says with which order that leads back.
async function pay(page) {
  const form = { action: "pay", method: "card", cardNumber: "4242424242424242", cardExpiry: "12/40", cardCvc: "123", cardName: "Ada" };
  const answer = await fetch(page, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  return new URL(answer.headers.get("Location")).searchParams.get("order_id");
}

test("a back end sells, and gives what is paid for", async () => {
  expect(await ask("GET", "/sso")).toMatchObject({ status: 401 });
  expect(await ask("GET", "/sso", "node")).toMatchObject({ status: 403 });
  expect(await ask("POST", "/upgrade/gold", "node")).toMatchObject({ status: 404, text: "No such plan" });
  const checkout = await ask("POST", "/upgrade/pro", "node");
  expect(checkout.status).toBe(303);
  const order = await pay(checkout.location);
  expect(await ask("GET", `/thanks?order_id=${order}`, "node")).toMatchObject({ status: 200, text: "pro is paid" });
  expect(await ask("GET", `/thanks?order_id=${order}`, "somebody else")).toMatchObject({ status: 404 });
  expect(await ask("GET", "/sso", "node")).toMatchObject({ status: 200, text: "single sign-on" });
});
