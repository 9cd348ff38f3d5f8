import { createServer } from "node:http";
import { Entitled, isOutage, Problem, requires } from "@entitled-dev/client";

// backend is a product whose users upgrade, come back, and use what they paid for. Who asks is
// what user says of a request; in your product the session does.
export function backend({ baseURL, key, user }) {
  const entitled = new Entitled({ baseURL, key });
  const sso = requires(entitled, "sso", user);

  const upgrade = async (request, response, plan) => {
    const { action, url } = await entitled.as(user(request)).upgrade(plan);
    if (action === "redirect") response.writeHead(303, { Location: url }).end();
    else response.end("you have it\n");
  };
  const thanks = async (request, response) => {
    const order = await entitled.as(user(request)).returned(request.url);
    if (order) response.end(`${order.plan} is ${order.status}\n`);
    else response.writeHead(404).end("there is no such order\n");
  };

  return createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const plan = pathname.match(/^\/upgrade\/(\w+)$/)?.[1];
    try {
      if (request.method === "POST" && plan) await upgrade(request, response, plan);
      else if (pathname === "/thanks") await thanks(request, response);
      else if (pathname === "/sso") await sso(request, response, () => response.end("single sign-on\n"));
      else response.writeHead(404).end();
    } catch (error) {
      if (error instanceof Problem && !isOutage(error)) response.writeHead(error.status).end(error.title);
      else response.writeHead(503).end("try again soon\n");
    }
  });
}
