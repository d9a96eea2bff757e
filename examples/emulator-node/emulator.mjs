// Starts the emulator for tests in Node, without any package.
//
// Needs the program `mistral-emulator`: in PATH, or at the path in the environment variable
// MISTRAL_EMULATOR.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts an emulator on a free port. Call `stop` at the end. */
export async function startEmulator() {
  const program = process.env.MISTRAL_EMULATOR ?? "mistral-emulator";
  const child = spawn(program, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve, reject) => {
    child.once("exit", resolve);
    child.once("error", reject);
  });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    new Promise((resolve) => lines.once("line", resolve)),
    exited.then((code) => {
      throw new Error(`${program} exited with ${code}`);
    }),
  ]);
  const [, url, key] = line.match(/at (http:\/\/\S+), key (\S+):/);

  async function control(method, path, body) {
    const response = await fetch(`${url}/_emulator/${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }

  return {
    url,
    key,
    /** Queues replies, such as `{ text: "Hi." }`. */
    reply: (...replies) => control("POST", "replies", replies),
    /** Queues faults, such as `{ status: 503, times: 2 }`. */
    fault: (...faults) => control("POST", "faults", faults),
    /** Returns the requests that were received since the last reset. */
    requests: async () => (await control("GET", "requests")).requests,
    reset: () => control("POST", "reset"),
    stop: async () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}
