import { createServer } from "node:http";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

// receiver is a product's server that keeps a copy of what each user may do. Messages come at
// least once, and of one user in order: what it has, by its version, it does not take back.
export function receiver(secret, users = new Map()) {
  const webhook = new Webhook(secret);
  return createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    try {
      take(users, webhook.verify(body, request.headers));
      response.writeHead(204).end();
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      response.writeHead(401).end("not signed by the secret of this receiver\n");
    }
  });
}

function take(users, message) {
  if (message.type !== "entitlements.changed") return; // such as a test
  const { user_id: user, version, entitlements } = message.data;
  if (version < (users.get(user)?.version ?? 0)) return;
  users.set(user, { version, features: Object.fromEntries(entitlements.map((e) => [e.feature, e.value])) });
}
