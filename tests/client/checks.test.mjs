/** What is refused before it is sent. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LIMITS, arrange, connected, connecting, lastSocket, settle, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

for (const [name, call, code] of [
  ["a message of 501 characters", (client) => client.sendChat("Tilo", "x".repeat(501)), "message_too_long"],
  ["a nickname of 33 characters", (client) => client.sendChat("x".repeat(33), "Hello!"), "invalid_field"],
  ["a score's nickname of 33 characters", (client) => client.updateScore("a@b.c", 1, 1, "x".repeat(33)), "invalid_field"],
  ["a message of too many bytes", (client) => client.sendChat("Tilo", "\u200b".repeat(6_000) + "x"), "message_too_long"],
]) {
  test(`${name} is refused without asking the server, and told as an event after the call`, async () => {
    const { client, heard } = await connected();
    const refused = call(client);
    assert.deepEqual(heard("error"), []);
    await assert.rejects(refused, { code });
    await settle();
    assert.deepEqual(heard("error").map((error) => error.code), [code]);
    assert.deepEqual(lastSocket().commands, []);
  });
}

test("where the server has no limits nothing is too long", async () => {
  const { client } = await connected({}, { limits: Object.fromEntries(Object.keys(LIMITS).map((name) => [name, 0])) });
  client.sendChat("x".repeat(33), "x".repeat(20_000));
  assert.equal(lastSocket().commands.length, 1);
});

test("before the first welcome no limit is known: later the server looks at what waited, but at no frame too large", async () => {
  const { client } = connecting();
  client.sendChat("Tilo", "x".repeat(501));
  const refused = client.sendChat("Tilo", "x".repeat(16_384));
  client.sendChat("Tilo", "short");
  await welcomed();
  assert.deepEqual(lastSocket().commands.map(({ message }) => message.length), [501, 5]);
  await assert.rejects(refused, { code: "message_too_long" });
});

test("lengths are counted as the server counts: characters of the normal form, the ends trimmed", async () => {
  const { client } = await connected();
  client.sendChat("e\u0301".repeat(32), `  ${"🎈".repeat(500)}\n`);
  assert.equal(lastSocket().commands.length, 1);
});

test("what the server removes does not count", async () => {
  const { client } = await connected();
  client.sendChat("e\u200b\u0301".repeat(32), `${"x".repeat(500)}${"\u2800".repeat(9)}`);
  assert.equal(lastSocket().commands.length, 1);
});

test("half of a character, as left where a text was cut, is sent as a sign that it is missing", async () => {
  const { client } = await connected();
  client.sendChat("Tilo", "🎈🎈".slice(0, 3));
  assert.equal(lastSocket().commands[0].message, "🎈\ufffd");
});

for (const [name, message, call] of [
  ["an undefined nickname", /^nickname .* not undefined$/, (client) => client.sendChat(undefined, "Hello!")],
  ["a number as message", /^message .* not 7$/, (client) => client.sendChat("Tilo", 7)],
  ["no e-mail address", /^email .* not null$/, (client) => client.updateScore(null, 1, 1)],
  ["NaN as score", /^score .* not NaN$/, (client) => client.updateScore("a@b.c", NaN, 1)],
  ["text as score", /^score .* not 12$/, (client) => client.updateScore("a@b.c", "12", 1)],
  ["infinite survival", /^survivalTime .* not Infinity$/, (client) => client.updateScore("a@b.c", 1, Infinity)],
  ["a number as nickname", /^nickname .* not 7$/, (client) => client.updateScore("a@b.c", 1, 1, 7)],
  ["no survival time", /^survivalTime .* not undefined$/, (client) => client.updateScore("a@b.c", 1)],
]) {
  test(`${name} throws a TypeError that says so, and sends nothing`, async () => {
    const { client } = await connected();
    assert.throws(() => call(client), { name: "TypeError", message });
    assert.deepEqual(lastSocket().commands, []);
  });
}
