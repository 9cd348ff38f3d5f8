import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Starts `entitled dev`, with a Stripe in a box, until stop is called. ENTITLED is the program, if it is not on the PATH. */
export async function startDev() {
  const data = await mkdtemp(join(tmpdir(), "dev-"));
  const flags = ["dev", "--calm", "--port", String(await freePort()), "--database", join(data, "dev.db")];
  const child = spawn(process.env.ENTITLED ?? "entitled", flags, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill();
    await ended;
    await rm(data, { recursive: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/Pricing page\s+(\S+)\//)?.[1];
    if (url) return { url, key: "entitled_dev_key", stop };
  }
  throw new Error(`entitled dev ended: ${await ended}`);
}

/** Pays on the page that a checkout leads to, as a buyer does, and says where that leads back to. */
export async function pay(url: string, card = "4242424242424242"): Promise<string> {
  const form = { action: "pay", method: "card", cardNumber: card, cardExpiry: "12/40", cardCvc: "123", cardName: "Ada Lovelace" };
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  const back = answer.headers.get("Location");
  if (!back) throw new Error(`${url}: ${answer.status}, and not paid`);
  return back;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
