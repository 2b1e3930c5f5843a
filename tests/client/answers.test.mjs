/** What the promises of sendChat and updateScore tell, and that nobody has to look at them. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { LIMITS, NOW, answers, arrange, chatOf, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

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

test("a score that joined another is not held up by the refusal of that one", async () => {
  const { client, heard } = await connected();
  const first = client.updateScore("a@b.c", 1, 1);
  const second = client.updateScore("a@b.c", 2, 1);
  const [older, newer] = lastSocket().commands;

  answers(refusal("rate_limited", { retry_after: 1 }), older);
  answers({}, newer);

  assert.deepEqual(await Promise.all([first, second]), [undefined, undefined]);
  assert.deepEqual(codes(heard), []);
});

test("the server's final no to an older form of a score settles nothing", async () => {
  const { client } = await connected();
  client.updateScore("a@b.c", 1, 1);
  const second = client.updateScore("a@b.c", 2, 1);
  const [older, newer] = lastSocket().commands;
  answers(refusal("implausible_score"), older);
  answers({}, newer);
  assert.equal(await second, undefined);
});

test("a ping that comes too fast is nothing that the page has to know", async () => {
  const { client, heard } = await connected();
  lastSocket().receives(refusal("rate_limited", { retry_after: 0.05 }));
  client.sendChat("Tilo", "Hello!");
  assert.equal(lastSocket().commands.length, 1);
  assert.deepEqual(codes(heard), []);
});

for (const order of [["ack", "chat"], ["chat", "ack"]]) {
  test(`one's own message is shown once and has its number, ${order.join(" before ")}`, async () => {
    const { client, heard } = await connected();
    const stored = client.sendChat("Tilo", "Hello!");
    const [{ id, ref }] = lastSocket().commands;
    const messages = { ack: { type: "ack", ref, seq: 7, id }, chat: chatOf(7, id) };
    for (const type of order) lastSocket().receives(messages[type]);
    assert.deepEqual(await stored, { seq: 7, id });
    assert.deepEqual(heard("chat").map((chat) => chat.id), [id]);
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

test("what many calls wait for is given up once, and a question without a word", async () => {
  const { client, heard } = connecting({ maxRetries: 0 });
  lastSocket().ends();
  client.getEvents();
  const given = [1, 2, 3].map((score) => client.updateScore("a@b.c", score, 1));
  pass(300_000);
  for (const promise of given) await assert.rejects(promise, { code: "given_up" });
  assert.deepEqual(codes(heard), ["connection_failed", "given_up"]);
});

test("what became too old while the computer slept, and its timers with it, is not sent", async () => {
  const { client, heard } = await connected();
  const given = client.sendChat("Tilo", "of yesterday");
  lastSocket().ends();
  pass(1_000);
  mock.timers.setTime(NOW + 10 * 3_600_000);
  await welcomed();
  assert.deepEqual(lastSocket().commands, []);
  await assert.rejects(given, { code: "given_up" });
  assert.deepEqual(codes(heard), ["given_up"]);
});

test("an endless queueAgeMs gives nothing up", async () => {
  const { client, heard } = connecting({ queueAgeMs: Infinity });
  client.sendChat("Tilo", "Hello!");
  pass(10_000);
  await settle();
  assert.deepEqual(codes(heard), []);
});

test("a hundred may wait; the next is refused, but a better score of who is among them and a question are not", async () => {
  const { client, heard } = connecting();
  client.updateScore("a@b.c", 1, 1);
  for (let number = 1; number < 100; number += 1) client.sendChat("Tilo", String(number));

  await assert.rejects(client.sendChat("Tilo", "100"), { code: "queue_full" });
  client.updateScore("a@b.c", 2, 1);
  client.getEvents();
  await settle();

  assert.deepEqual(codes(heard), ["queue_full"]);
  await welcomed();
  assert.equal(lastSocket().commands[0].score, 2);
  assert.equal(lastSocket().commands.at(-1).type, "get_events");
});

for (const [closeCode, code] of [[1007, "invalid_message"], [1009, "message_too_long"]]) {
  test(`closed with ${closeCode} what was sent last is refused and not sent again`, async () => {
    const { client, heard } = await connected(FOREVER);
    client.sendChat("Tilo", "one");
    const refused = client.sendChat("Tilo", "two");
    lastSocket().ends(closeCode, "why");
    await assert.rejects(refused, { code });
    assert.deepEqual(codes(heard), [code]);
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

test("a frame of the last connection is not the one that was refused", async () => {
  const { client, heard } = await connected();
  client.sendChat("Tilo", "one");
  lastSocket().ends();
  pass(2_000);
  lastSocket().opens();
  await settle();
  lastSocket().ends(1009);
  pass(6_000);
  await welcomed();
  assert.equal(lastSocket().commands.length, 1);
  assert.deepEqual(codes(heard), []);
});

test("a score that waits for its turn is not the one that was refused", async () => {
  const { client, heard } = await connected({}, { limits: { ...LIMITS, command_burst: 2 } });
  client.updateScore("a@b.c", 1, 1);
  answers({});
  const waiting = client.updateScore("a@b.c", 2, 1);
  lastSocket().ends(1009);
  pass(2_000);
  await welcomed();
  answers({});
  assert.equal(await waiting, undefined);
  assert.deepEqual(codes(heard), []);
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
