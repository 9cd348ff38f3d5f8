// @vitest-environment happy-dom
import { act, createElement } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { Entitled } from "../src/index.js";
import { type Held, useEntitlements } from "../src/react.js";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

/** Renders the hook for a client, and says what it gives. */
async function mount(first: Entitled) {
  let held!: Held;
  const Show = ({ client }: { client: Entitled }) => ((held = useEntitlements(client)), null);
  const root = createRoot(document.createElement("div"));
  const render = (client: Entitled) => act(async () => root.render(createElement(Show, { client })));
  await render(first);
  return { held: () => held, render, end: () => act(async () => root.unmount()) };
}

/** A client whose service says one thing after another; undefined is an outage. */
function says(...answers: (object[] | undefined)[]) {
  const fetch = vi.fn(async () => {
    const entitlements = answers.length > 1 ? answers.shift() : answers[0];
    if (!entitlements) throw new TypeError("offline");
    return new Response(JSON.stringify({ user_id: "u", as_of: "2026-12-01T09:30:00Z", entitlements }));
  });
  return { client: new Entitled({ baseURL: "http://x", fetch, retries: 0 }), fetch };
}

const sso = { feature: "sso", value: true };
const projects = { feature: "projects", value: 100 };

test("what is held is known once the service has said it", async () => {
  const { client } = says([sso, projects]);
  const hook = await mount(client);
  expect(hook.held()).toMatchObject({ entitlements: [sso, projects], error: undefined });
  expect([hook.held().has("sso"), hook.held().has("mail"), hook.held().value("projects")]).toEqual(["yes", "no", 100]);
  await hook.end();
});

test("what is not known is unknown, and what was known stays", async () => {
  const { client } = says(undefined, [sso], undefined);
  const hook = await mount(client);
  expect(hook.held().has("sso")).toBe("unknown");
  expect(hook.held().error).toBeDefined();
  await act(async () => hook.held().refresh());
  expect(hook.held()).toMatchObject({ entitlements: [sso], error: undefined });
  await act(async () => hook.held().refresh());
  expect(hook.held().has("sso")).toBe("yes");
  expect(hook.held().error).toBeDefined();
  await hook.end();
});

test("it looks again when the page is shown again, and not once it is gone", async () => {
  const { client, fetch } = says([]);
  const hook = await mount(client);
  await act(async () => void document.dispatchEvent(new Event("visibilitychange")));
  expect(fetch).toHaveBeenCalledTimes(2);
  await hook.end();
  document.dispatchEvent(new Event("visibilitychange"));
  expect(fetch).toHaveBeenCalledTimes(2);
});

test("what another user holds is not shown", async () => {
  const hook = await mount(says([sso]).client);
  expect(hook.held().has("sso")).toBe("yes");
  await hook.render(says(undefined).client);
  expect(hook.held().has("sso")).toBe("unknown");
  await hook.end();
});
