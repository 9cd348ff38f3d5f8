import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface Said {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A service that answers what it is told to, one answer a request; the last one stays. */
export async function service(...answers: Said[]) {
  const asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (request, response) => {
    asked.push({ method: request.method!, url: request.url!, headers: request.headers, body: await text(request) });
    const said = answers[Math.min(asked.length, answers.length) - 1]!;
    response.writeHead(said.status ?? 200, said.headers);
    response.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () => new Promise((closed) => (server.close(closed), server.closeAllConnections()));
  onTestFinished(async () => void (await close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Said {
  return { status, headers, body: { type: `urn:entitled:problem:${code}`, title: "T", status, code, detail: "D", request_id: "R" } };
}

const held = { until: null, renews: false, ends_at: null, in_grace: false, as_of: "2026-12-01T09:30:00Z" };
export const yes = { body: { feature: "sso", entitled: true, value: true, ...held } };
export const no = { body: { feature: "sso", entitled: false, value: null, ...held } };
