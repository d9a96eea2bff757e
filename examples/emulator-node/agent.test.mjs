// Tests of a program in Node, whose model is scripted. Run with `node --test`.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { startEmulator } from "./emulator.mjs";

let emulator;
before(async () => {
  emulator = await startEmulator();
});
beforeEach(() => emulator.reset());
after(async () => assert.equal(await emulator.stop(), 0));

/** The program under test. The client of `@mistralai/mistralai` takes the URL as `serverURL`. */
async function ask(question, { stream = false, attempts = 3 } = {}) {
  const response = await fetch(`${emulator.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${emulator.key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "mistral-small-latest",
      messages: [{ role: "user", content: question }],
      stream,
    }),
  });
  if (response.status === 503 && attempts > 1) {
    return ask(question, { stream, attempts: attempts - 1 });
  }
  if (!response.ok) throw new Error(`status ${response.status}`);
  if (!stream) return (await response.json()).choices[0].message.content;
  let text = "";
  for (const event of (await response.text()).split("\n\n")) {
    const data = event.replace(/^data: /, "");
    if (data && data !== "[DONE]") text += JSON.parse(data).choices[0].delta.content ?? "";
  }
  return text;
}

test("a scripted reply is returned once", async () => {
  await emulator.reply({ text: "Bonjour.", match: { text: "Hello" } });
  assert.equal(await ask("Hello there"), "Bonjour.");
  assert.match(await ask("Hello there"), /Mistral emulator/);
});

test("a scripted reply is streamed", async () => {
  await emulator.reply({ text: "One two three", token_delay_ms: 1 });
  assert.equal(await ask("Count", { stream: true }), "One two three");
});

test("a busy server is asked again", async () => {
  await emulator.fault({ status: 503, times: 2 });
  assert.match(await ask("Who painted Olympia?"), /Manet/);
  const statuses = (await emulator.requests()).map((request) => request.status);
  assert.deepEqual(statuses, [503, 503, 200]);
});

test("an unknown member of a reply is refused", async () => {
  await assert.rejects(emulator.reply({ txt: "typo" }), /no member \\?"txt\\?"/);
});
