import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { receiver } from "./receiver.js";

const api = process.env.ENTITLED_URL;

async function ask(method, path, body) {
  const headers = { Authorization: "Bearer entitled_dev_key", "Content-Type": "application/json" };
  const answer = await fetch(`${api}/api/admin${path}`, { method, headers, body: body && JSON.stringify(body) });
  return answer.json();
}

async function listening(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

test("a receiver has what users may do, verified by standardwebhooks", async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const users = new Map();
  const server = receiver(secret, users);
  const { endpoint } = await ask("POST", "/endpoints", { url: await listening(server), secret });
  expect(await ask("POST", `/endpoints/${endpoint.id}/test`)).toMatchObject({ delivered: true, status: 204 });

  await ask("POST", "/users/hooked/grants", { feature: "projects", value: 500, reason: "a test" });
  await vi.waitFor(() => expect(users.get("hooked")).toEqual({ version: 1, features: expect.objectContaining({ projects: 500 }) }), { timeout: 5000, interval: 10 });

  const other = receiver(`whsec_${Buffer.alloc(32, 8).toString("base64")}`);
  await ask("PATCH", `/endpoints/${endpoint.id}`, { url: await listening(other) });
  expect(await ask("POST", `/endpoints/${endpoint.id}/test`)).toMatchObject({ delivered: false, status: 401 });

  await ask("POST", `/endpoints/${endpoint.id}/rotate`, { secret: `whsec_${Buffer.alloc(32, 8).toString("base64")}` });
  expect(await ask("POST", `/endpoints/${endpoint.id}/test`)).toMatchObject({ delivered: true, status: 204 });
  await ask("DELETE", `/endpoints/${endpoint.id}`);
  for (const each of [server, other]) {
    each.closeAllConnections();
    each.close();
  }
});
