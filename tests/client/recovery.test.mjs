/** Chat that was missed comes in order, each message once. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { arrange, chatOf, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

const hello = () => lastSocket().sent.find(({ type }) => type === "hello");
const seqs = (heard) => heard("chat").map(({ seq }) => seq);

/** Loses the connection and opens the next, which is not yet welcomed. */
async function returns() {
  lastSocket().ends();
  pass(6_000);
  lastSocket().opens();
  await settle();
}

test("the first hello asks for history, where the page wants some", async () => {
  await connected();
  assert.deepEqual(hello(), { type: "hello" });
  await connected({ history: 50 });
  assert.deepEqual(hello(), { type: "hello", history: 50 });
});

test("later it asks for history only where its number means nothing any more, which the server decides", async () => {
  await connected({ history: 50 }, { epoch: "e", seq: 7 });
  await returns();
  assert.deepEqual(hello(), { type: "hello", epoch: "e", after: 7, history: 50 });
});

test("another address may be the same server: the epoch tells", async () => {
  const { client } = await connected({}, { epoch: "e", seq: 7 });
  client.connect("ws://other.test/ws");
  lastSocket().opens();
  await settle();
  assert.deepEqual(hello(), { type: "hello", epoch: "e", after: 7 });
});

test("a server that is behind does not turn the number back", async () => {
  await connected({}, { seq: 5 });
  lastSocket().receives(chatOf(9));
  await returns();
  await welcomed({ seq: 7 });
  await returns();
  assert.equal(hello().after, 9);
});

test("on coming back it asks for what was said after the welcome's number, or after the last message shown", async () => {
  await connected({}, { epoch: "e", seq: 7 });
  await returns();
  assert.deepEqual(hello(), { type: "hello", epoch: "e", after: 7 });

  await welcomed({ epoch: "e", seq: 7 });
  lastSocket().receives(chatOf(9));
  await returns();
  assert.equal(hello().after, 9);
});

test("missed messages come before those that were heard before the welcome", async () => {
  const { heard } = connecting();
  lastSocket().opens();
  await settle();
  lastSocket().receives(chatOf(8));
  lastSocket().receives({ type: "chat_deleted", seq: 8, id: "id 8" });
  assert.deepEqual(seqs(heard), []);

  await welcomed({ seq: 7, messages: [chatOf(6), chatOf(7)] });

  assert.deepEqual(seqs(heard), [6, 7, 8]);
  assert.deepEqual(heard("chat_deleted").map(({ seq }) => seq), [8]);
});

test("what was held back when the connection ended is not shown, and asked for again", async () => {
  const { heard } = await connected({}, { seq: 5 });
  await returns();
  lastSocket().receives(chatOf(8));
  await returns();
  assert.equal(hello().after, 5);
  await welcomed({ seq: 8, messages: [chatOf(8)] });
  assert.deepEqual(seqs(heard), [8]);
});

test("a message is shown once by its id, also under another number", async () => {
  const { heard } = await connected();
  lastSocket().receives(chatOf(1, "same"));
  lastSocket().receives(chatOf(9, "same"));
  lastSocket().receives(chatOf(9, "another"));
  assert.deepEqual(heard("chat").map(({ seq, id }) => [seq, id]), [[1, "same"], [9, "another"]]);
});

test("the last two thousand ids are known, and no more are kept", async () => {
  const { heard } = await connected();
  for (let seq = 1; seq <= 2_001; seq += 1) lastSocket().receives(chatOf(seq));
  lastSocket().receives(chatOf(2));
  assert.equal(heard("chat").length, 2_001);
  lastSocket().receives(chatOf(1));
  assert.equal(heard("chat").length, 2_002);
});

test("a gap is told before the messages that there are, and never on the first connecting", async () => {
  const { events } = await connected({ history: 10 }, { seq: 7, recovered: false });
  assert.deepEqual(events.map(([type]) => type), ["open"]);

  await returns();
  await welcomed({ seq: 90, recovered: false, messages: [chatOf(90)] });

  assert.deepEqual(events.slice(-3).map(([type]) => type), ["open", "gap", "chat"]);
  assert.deepEqual(events.at(-2), ["gap", { after: 7 }]);
});

test("after a restore the numbers begin anew", async () => {
  const { heard } = await connected({}, { epoch: "old", seq: 100 });
  await returns();
  await welcomed({ epoch: "new", seq: 20, recovered: false });
  lastSocket().receives(chatOf(21));
  await returns();
  assert.deepEqual([hello().epoch, hello().after], ["new", 21]);
  assert.deepEqual(seqs(heard), [21]);
});

test("after a restore a number is no longer that of an old message", async () => {
  const { heard } = await connected({}, { epoch: "old" });
  lastSocket().receives(chatOf(21, "old 21"));
  await returns();
  await welcomed({ epoch: "new", seq: 20, recovered: false });
  lastSocket().receives(chatOf(21, "new 21"));
  await returns();
  await welcomed({ epoch: "new", seq: 21, deleted: [21] });
  assert.deepEqual(heard("chat_deleted").map(({ id }) => id), ["new 21"]);
});

test("what was deleted does not come back", async () => {
  const { heard } = await connected();
  lastSocket().receives(chatOf(1));
  for (const seq of [1, 1]) lastSocket().receives({ type: "chat_deleted", seq, id: "id 1" });
  lastSocket().receives(chatOf(2, "id 1"));
  assert.equal(heard("chat").length, 1);
  assert.equal(heard("chat_deleted").length, 1);
});

test("what was deleted meanwhile is told of messages that were shown, once", async () => {
  const { heard } = await connected();
  for (const seq of [1, 2, 3]) lastSocket().receives(chatOf(seq));
  lastSocket().receives({ type: "chat_deleted", seq: 1, id: "id 1" });
  await returns();
  await welcomed({ seq: 3, deleted: [1, 2, 99] });
  assert.deepEqual(heard("chat_deleted"), [
    { type: "chat_deleted", seq: 1, id: "id 1" },
    { type: "chat_deleted", seq: 2, id: "id 2" },
  ]);
});

test("a page that disconnects in the middle of what it missed hears no more of it", async () => {
  const { client, heard } = connecting();
  client.on("chat", () => client.disconnect());
  await welcomed({ seq: 3, messages: [chatOf(1), chatOf(2), chatOf(3)] });
  assert.deepEqual(seqs(heard), [1]);
});

test("a page that moves to another server in its first handler hears nothing more of the old one", async () => {
  const { client, heard } = connecting();
  client.on("open", () => client.connect("ws://other.test/ws"));
  await welcomed({ seq: 3, messages: [chatOf(1)] });
  assert.deepEqual(seqs(heard), []);
});

test("what it did not hear of that it asks for next time, also where it never had a number", async () => {
  const { client, heard } = connecting({ history: 3 });
  const unsubscribe = client.on("chat", ({ seq }) => seq === 2 && client.disconnect());
  await welcomed({ epoch: "e", seq: 9, recovered: false, messages: [chatOf(1), chatOf(2), chatOf(3)] });
  unsubscribe();

  client.connect();
  lastSocket().opens();
  await settle();
  assert.deepEqual(hello(), { type: "hello", epoch: "e", after: 2, history: 3 });
  await welcomed({ epoch: "e", seq: 9, messages: [chatOf(3)] });
  assert.deepEqual(seqs(heard), [1, 2, 3]);
});

test("a gap that it did not hear of is told next time", async () => {
  const { client, heard } = await connected({}, { epoch: "old", seq: 7 });
  await returns();
  const unsubscribe = client.on("open", () => client.disconnect());
  await welcomed({ epoch: "new", seq: 3, recovered: false, messages: [chatOf(3)] });
  unsubscribe();
  assert.deepEqual(heard("gap"), []);

  client.connect();
  lastSocket().opens();
  await settle();
  assert.deepEqual(hello(), { type: "hello", epoch: "old", after: 7 });
  await welcomed({ epoch: "new", seq: 3, recovered: false, messages: [chatOf(3)] });
  assert.deepEqual(heard("gap"), [{ after: 7 }]);
  assert.deepEqual(seqs(heard), [3]);
});
