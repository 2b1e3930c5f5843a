/** What connect() and disconnect() do where there is a connection, an attempt or a wait already. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeSocket, URL_OF_SERVER, arrange, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

test("disconnect() closes normally, tells the page after the call, and never comes back", async () => {
  const { client, heard } = await connected();

  client.disconnect();
  assert.deepEqual(heard("close"), []);
  await settle();
  lastSocket().ends(1000);
  pass(600_000);

  assert.equal(lastSocket().closedWith, 1000);
  assert.deepEqual(heard("close"), [{ code: 1000, reason: "", willReconnect: false }]);
  assert.equal(FakeSocket.made.length, 1);
  assert.equal(client.connected, false);
});

test("disconnect() while waiting for a retry ends the wait", async () => {
  const { client } = await connected();
  lastSocket().ends();

  client.disconnect();
  pass(600_000);

  assert.equal(FakeSocket.made.length, 1);
});

test("disconnect() while connecting closes the socket only once it is open, unheard", async () => {
  const { client, heard } = connecting();

  client.disconnect();
  await settle();
  assert.equal(lastSocket().closedWith, null);
  lastSocket().opens();

  assert.equal(lastSocket().closedWith, 1000);
  assert.deepEqual(heard("open"), []);
  assert.equal(heard("close").length, 1);
});

test("disconnect() from a close handler is obeyed", async () => {
  const { client, heard } = await connected();
  client.on("close", () => client.disconnect());

  lastSocket().ends();
  pass(600_000);

  assert.deepEqual(heard("reconnecting"), []);
  assert.equal(FakeSocket.made.length, 1);
});

test("connect() from a close handler makes one connection, not two", async () => {
  const { client } = await connected();
  client.on("close", () => client.connect());

  lastSocket().ends();
  pass(10_000);

  assert.equal(FakeSocket.made.length, 2);
});

test("connect() to the same address again changes nothing", () => {
  const { client } = connecting();
  client.connect(URL_OF_SERVER);
  lastSocket().opens();
  client.connect(URL_OF_SERVER);
  client.connect();
  assert.equal(FakeSocket.made.length, 1);
});

test("connect() to another address moves there", async () => {
  const { client, heard } = await connected();

  client.connect("ws://other.test/ws");
  await settle();

  const [first, second] = FakeSocket.made;
  assert.equal(first.closedWith, 1000);
  assert.equal(second.url, "ws://other.test/ws");
  assert.equal(heard("close").length, 1);
});

test("connect() while waiting for a retry tries at once", async () => {
  const { client } = await connected();
  lastSocket().ends();

  client.connect();
  assert.equal(FakeSocket.made.length, 2);
  pass(10_000);

  assert.equal(FakeSocket.made.length, 2);
});

test("late events of an old socket are ignored", async () => {
  const { client, heard } = await connected();
  const [old] = FakeSocket.made;
  const chats = [];
  client.on("chat", (chat) => chats.push(chat));
  client.connect("ws://other.test/ws");
  await welcomed();

  old.receives({ type: "chat", message: "late" });
  old.ends(4501);
  pass(1000);

  assert.deepEqual(chats, []);
  assert.equal(heard("close").length, 1);
  assert.equal(client.connected, true);
  assert.equal(FakeSocket.made.length, 2);
});

test("disconnect() from the handler of a failed attempt is obeyed, and the close says so", () => {
  const { client, heard } = connecting();
  client.on("error", () => client.disconnect());

  lastSocket().ends();
  pass(600_000);

  assert.deepEqual(heard("close").map(({ willReconnect }) => willReconnect), [false]);
  assert.equal(FakeSocket.made.length, 1);
});

test("connect() from the handler of the last failure starts anew", () => {
  const { client, heard } = connecting({ maxRetries: 0 });
  client.on("failed", () => FakeSocket.made.length < 3 && client.connect());

  lastSocket().ends();
  lastSocket().ends();
  lastSocket().ends();

  assert.equal(FakeSocket.made.length, 3);
  assert.equal(heard("failed").length, 3);
});

test("what waits at disconnect() goes out after the next connect(), also to another address", async () => {
  const { client } = await connected();
  client.sendChat("Tilo", "one");
  client.disconnect();
  client.sendChat("Tilo", "two");

  client.connect("ws://other.test/ws");
  await welcomed();

  assert.deepEqual(lastSocket().commands.map(({ message }) => message), ["one", "two"]);
});
