import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

// start runs the sandbox until stop is called. ENTITLED is the program, if it is not on the PATH.
export async function start(...flags) {
  const child = spawn(process.env.ENTITLED ?? "entitled", ["sandbox", "--port", "0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/^sandbox ready at (.*)$/)?.[1];
    if (url) return { url, control: (path, body) => control(url + "/_sandbox/" + path, body), stop: () => (child.kill(), ended) };
  }
  throw new Error(`the sandbox ended: ${await ended}`);
}

async function control(url, body = {}) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
