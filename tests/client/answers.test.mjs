/** What the promises of sendChat and updateScore tell, and that nobody has to look at them. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { answers, arrange, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

const FOREVER = { queueAgeMs: 10 ** 9 };
const refusal = (code, fields) => ({ type: "error", code, message: `because of ${code}`, ...fields });
const codes = (heard) => heard("error").map(({ code }) => code);

test("a message that is stored has a number and an id", async () => {
  const { client } = await connected();
  const stored = client.sendChat("Tilo", "Hello!");
  answers({ seq: 7, id: "an id" });
  assert.deepEqual(await stored, { seq: 7, id: "an id" });
});

test("a score that is stored is told with nothing, to all who reported it", async () => {
  const { client } = await connected();
  const first = client.updateScore("a@b.c", 1, 1);
  const [command] = lastSocket().commands;
  const second = client.updateScore("a@b.c", 2, 2);
  let told = false;
  first.then(() => (told = true));

  answers({}, command); // of the first alone: the better one is still under way
  await settle();
  assert.equal(told, false);
  answers({});

  assert.deepEqual(await Promise.all([first, second]), [undefined, undefined]);
});

test("acknowledgements and answered questions are no events of their own", async () => {
  const { client } = await connected();
  const heard = [];
  for (const type of ["ack", "leaderboard"]) client.on(type, () => heard.push(type));
  client.sendChat("Tilo", "Hello!");
  answers({});
  client.getLeaderboard();
  answers({ type: "leaderboard", entries: [] });
  assert.deepEqual(heard, ["leaderboard"]);
});

test("what the server refuses for good rejects with its code, is told as an event, and is not sent again", async () => {
  const { client, heard } = await connected();
  const refused = client.sendChat("Tilo", "Hello!");
  answers(refusal("filtered"));

  await assert.rejects(refused, { name: "Error", code: "filtered", message: "because of filtered" });
  assert.deepEqual(codes(heard), ["filtered"]);
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  assert.deepEqual(lastSocket().commands, []);
});

for (const code of ["rate_limited", "busy"]) {
  test(`${code} is waited out, and nothing overtakes`, async () => {
    const { client, heard } = await connected();
    const stored = client.sendChat("Tilo", "one");
    answers(refusal(code, { retry_after: 1.5 }));
    client.sendChat("Tilo", "two");
    assert.equal(lastSocket().commands.length, 1);
    pass(1_499);
    assert.equal(lastSocket().commands.length, 1);
    pass(1);

    const [, again, two] = lastSocket().commands;
    assert.deepEqual([again.message, two.message], ["one", "two"]);
    answers({ seq: 1, id: again.id }, again);
    assert.equal((await stored).seq, 1);
    assert.deepEqual(codes(heard), []);
  });
}

test("what waits for five minutes is given up", async () => {
  const { client, heard } = connecting({ maxRetries: 100 });
  const given = client.sendChat("Tilo", "Hello!");
  given.catch(() => {});
  pass(299_999);
  await settle();
  assert.deepEqual(codes(heard).filter((code) => code !== "connection_failed"), []);
  pass(1);
  await assert.rejects(given, { code: "given_up" });
  assert.equal(codes(heard).at(-1), "given_up");
});

test("a hundred may wait; the next is refused, but a better score of who is among them is not", async () => {
  const { client, heard } = connecting();
  client.updateScore("a@b.c", 1, 1);
  for (let number = 1; number < 100; number += 1) client.sendChat("Tilo", String(number));

  await assert.rejects(client.sendChat("Tilo", "100"), { code: "queue_full" });
  client.updateScore("a@b.c", 2, 1);
  client.getEvents();
  await settle();

  assert.deepEqual(codes(heard), ["queue_full", "queue_full"]);
  await welcomed();
  assert.equal(lastSocket().commands[0].score, 2);
});

for (const [name, fields, code] of [
  ["a message of 501 characters", ["Tilo", "x".repeat(501)], "message_too_long"],
  ["a nickname of 33 characters", ["x".repeat(33), "Hello!"], "invalid_field"],
]) {
  test(`${name} is refused without asking the server`, async () => {
    const { client } = await connected();
    await assert.rejects(client.sendChat(...fields), { code });
    assert.deepEqual(lastSocket().commands, []);
  });
}

test("lengths are counted as the server counts: characters of the normal form, the ends trimmed", async () => {
  const { client } = await connected();
  client.sendChat("e\u0301".repeat(32), `  ${"🎈".repeat(500)}\n`);
  assert.equal(lastSocket().commands.length, 1);
});

for (const [closeCode, code] of [[1007, "invalid_message"], [1009, "message_too_long"]]) {
  test(`closed with ${closeCode} what was sent last is refused and not sent again`, async () => {
    const { client, heard } = await connected(FOREVER);
    client.sendChat("Tilo", "one");
    const refused = client.sendChat("Tilo", "two");
    lastSocket().ends(closeCode, "why");
    await assert.rejects(refused, { code });
    assert.equal(heard("close")[0].willReconnect, true);
    pass(2_000);
    await welcomed();
    assert.deepEqual(lastSocket().commands.map(({ message }) => message), ["one"]);
  });
}

test("a frame that was answered already is not the one that was refused", async () => {
  const { client } = await connected();
  const stored = client.sendChat("Tilo", "one");
  answers({ seq: 1, id: "an id" });
  lastSocket().ends(1009);
  assert.deepEqual(await stored, { seq: 1, id: "an id" });
});

test("refusals that nobody looks at reach no console", async () => {
  const unhandled = [];
  const listen = (reason) => unhandled.push(reason);
  process.on("unhandledRejection", listen);
  const { client } = await connected({ queueLimit: 2 });
  client.sendChat("Tilo", "x".repeat(501));
  client.sendChat("Tilo", "one");
  answers(refusal("filtered"));
  client.updateScore("a@b.c", 1, 1);
  client.sendChat("Tilo", "two");
  client.sendChat("Tilo", "three");
  lastSocket().ends(4501);
  pass(300_000);
  await settle();
  await settle();
  process.off("unhandledRejection", listen);
  assert.deepEqual(unhandled, []);
});

for (const [name, message, call] of [
  ["an undefined nickname", /^nickname .* not undefined$/, (client) => client.sendChat(undefined, "Hello!")],
  ["a number as message", /^message .* not 7$/, (client) => client.sendChat("Tilo", 7)],
  ["no e-mail address", /^email .* not null$/, (client) => client.updateScore(null, 1, 1)],
  ["NaN as score", /^score .* not NaN$/, (client) => client.updateScore("a@b.c", NaN, 1)],
  ["text as score", /^score .* not 12$/, (client) => client.updateScore("a@b.c", "12", 1)],
  ["infinite survival", /^survivalTime .* not Infinity$/, (client) => client.updateScore("a@b.c", 1, Infinity)],
  ["no survival time", /^survivalTime .* not undefined$/, (client) => client.updateScore("a@b.c", 1)],
]) {
  test(`${name} throws a TypeError that says so, and sends nothing`, async () => {
    const { client } = await connected();
    assert.throws(() => call(client), { name: "TypeError", message });
    assert.deepEqual(lastSocket().commands, []);
  });
}
