/** When the client connects, comes back, and stays away. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeSocket, URL_OF_SERVER, arrange, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

/** Fails every attempt until the client makes no more; returns the announced waits. */
function exhaust(heard) {
  for (;;) {
    const before = heard("reconnecting").length;
    lastSocket().ends();
    if (heard("reconnecting").length === before) return heard("reconnecting").map(({ delayMs }) => delayMs);
    pass(heard("reconnecting").at(-1).delayMs);
  }
}

test("the page hears when the server has welcomed it and when the connection ended", async () => {
  const { client, events } = connecting();
  lastSocket().opens();
  await settle();
  assert.equal(client.connected, false);
  assert.deepEqual(events, []);

  await welcomed();
  assert.equal(client.connected, true);
  lastSocket().ends(1012, "restart");

  assert.equal(client.connected, false);
  assert.deepEqual(events.slice(0, 2), [
    ["open", undefined],
    ["close", { code: 1012, reason: "restart", willReconnect: true }],
  ]);
});

test("an attempt that never opens is an error, a close and a wait", () => {
  const { events } = connecting();

  lastSocket().ends(1006);

  assert.deepEqual(events, [
    ["error", { code: "connection_failed", message: `No connection to ${URL_OF_SERVER}.` }],
    ["close", { code: 1006, reason: "", willReconnect: true }],
    ["reconnecting", { attempt: 1, maxRetries: 5, delayMs: 1000 }],
  ]);
});

for (const [chance, schedule] of [
  [0, [0, 1500, 3000, 7500, 15000]],
  [0.5, [1000, 2250, 4500, 11250, 22500]],
  [1, [2000, 3000, 6000, 15000, 30000]],
]) {
  test(`five waits, the first soon, the next ever longer (chance says ${chance})`, async () => {
    arrange({ random: chance });
    const { heard } = await connected();
    assert.deepEqual(exhaust(heard), schedule);
  });
}

test("a retry does not start before its wait is over", async () => {
  await connected();
  lastSocket().ends();

  pass(999);
  assert.equal(FakeSocket.made.length, 1);
  pass(1);

  assert.equal(FakeSocket.made.length, 2);
  assert.equal(lastSocket().url, URL_OF_SERVER);
});

test("after the fifth failed retry the client says so and makes no more", async () => {
  const { heard, events } = await connected();

  exhaust(heard);
  pass(600_000);

  assert.equal(FakeSocket.made.length, 1 + 5);
  assert.deepEqual(events.slice(-2), [
    ["close", { code: 1006, reason: "", willReconnect: false }],
    ["failed", { maxRetries: 5 }],
  ]);
});

test("connect() after the last failure starts anew, at the same address", async () => {
  const { client, heard } = await connected();
  exhaust(heard);

  client.connect();

  assert.equal(lastSocket().url, URL_OF_SERVER);
  lastSocket().ends();
  assert.equal(heard("reconnecting").at(-1).attempt, 1);
});

test("maxRetries: 0 never comes back", async () => {
  const { heard } = await connected({ maxRetries: 0 });
  lastSocket().ends();
  assert.deepEqual(heard("reconnecting"), []);
  assert.deepEqual(heard("failed"), [{ maxRetries: 0 }]);
});

test("retries beyond the fifth wait as long as the fifth", async () => {
  const { heard } = await connected({ maxRetries: 7 });
  assert.deepEqual(exhaust(heard).slice(-3), [22500, 22500, 22500]);
});

test("retries are counted anew once a connection has lasted a second", async () => {
  const { heard } = await connected();
  lastSocket().ends();
  pass(1000);
  await welcomed();

  pass(1000);
  lastSocket().ends();

  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 1]);
});

test("a connection that is lost within a second does not count the retries anew", async () => {
  const { heard } = await connected();
  lastSocket().ends();
  pass(1000);
  await welcomed();

  pass(999);
  lastSocket().ends();
  pass(1);

  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 2]);
});

for (const code of [4500, 4501, 4999]) {
  test(`closed with ${code} the client stays away`, async () => {
    const { heard } = await connected();

    lastSocket().ends(code, "banned");
    pass(600_000);

    assert.equal(FakeSocket.made.length, 1);
    assert.deepEqual(heard("close"), [{ code, reason: "banned", willReconnect: false }]);
    assert.deepEqual(heard("failed"), []);
  });
}

for (const code of [1000, 1001, 1012, 4000, 4499]) {
  test(`closed with ${code} the client comes back`, async () => {
    await connected();
    lastSocket().ends(code);
    pass(1000);
    assert.equal(FakeSocket.made.length, 2);
  });
}

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

test("a server that ends says when to come back, and that uses up no attempt", async () => {
  const { heard } = await connected({ maxRetries: 1 });

  lastSocket().ends(1012, "retry_ms=4000-8000");
  assert.deepEqual(heard("reconnecting"), [{ attempt: 1, maxRetries: 1, delayMs: 6000 }]);
  pass(6000);
  lastSocket().ends();
  pass(2000);

  assert.equal(FakeSocket.made.length, 3);
});
