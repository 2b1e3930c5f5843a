/** When the client connects, comes back, and stays away. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeSocket, URL_OF_SERVER, afterTheCall, arrange, connected, connecting, lastSocket, pass } from "./fakes.mjs";

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

test("the page hears when the connection is open and when it ended", () => {
  const { client, events } = connecting();
  assert.equal(client.connected, false);

  lastSocket().opens();
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
  test(`five waits, the first soon, the next ever longer (chance says ${chance})`, () => {
    arrange({ random: chance });
    const { heard } = connected();
    assert.deepEqual(exhaust(heard), schedule);
  });
}

test("a retry does not start before its wait is over", () => {
  connected();
  lastSocket().ends();

  pass(999);
  assert.equal(FakeSocket.made.length, 1);
  pass(1);

  assert.equal(FakeSocket.made.length, 2);
  assert.equal(lastSocket().url, URL_OF_SERVER);
});

test("after the fifth failed retry the client says so and makes no more", () => {
  const { heard, events } = connected();

  exhaust(heard);
  pass(600_000);

  assert.equal(FakeSocket.made.length, 1 + 5);
  assert.deepEqual(events.slice(-2), [
    ["close", { code: 1006, reason: "", willReconnect: false }],
    ["failed", { maxRetries: 5 }],
  ]);
});

test("connect() after the last failure starts anew, at the same address", () => {
  const { client, heard } = connected();
  exhaust(heard);

  client.connect();

  assert.equal(lastSocket().url, URL_OF_SERVER);
  lastSocket().ends();
  assert.equal(heard("reconnecting").at(-1).attempt, 1);
});

test("maxRetries: 0 never comes back", () => {
  const { heard } = connected({ maxRetries: 0 });
  lastSocket().ends();
  assert.deepEqual(heard("reconnecting"), []);
  assert.deepEqual(heard("failed"), [{ maxRetries: 0 }]);
});

test("retries beyond the fifth wait as long as the fifth", () => {
  const { heard } = connected({ maxRetries: 7 });
  assert.deepEqual(exhaust(heard).slice(-3), [22500, 22500, 22500]);
});

test("retries are counted anew once a connection has lasted a second", () => {
  const { heard } = connected();
  lastSocket().ends();
  pass(1000);
  lastSocket().opens();

  pass(1000);
  lastSocket().ends();

  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 1]);
});

test("a connection that is lost within a second does not count the retries anew", () => {
  const { heard } = connected();
  lastSocket().ends();
  pass(1000);
  lastSocket().opens();

  pass(999);
  lastSocket().ends();
  pass(1);

  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 2]);
});

for (const code of [4500, 4501, 4999]) {
  test(`closed with ${code} the client stays away`, () => {
    const { heard } = connected();

    lastSocket().ends(code, "banned");
    pass(600_000);

    assert.equal(FakeSocket.made.length, 1);
    assert.deepEqual(heard("close"), [{ code, reason: "banned", willReconnect: false }]);
    assert.deepEqual(heard("failed"), []);
  });
}

for (const code of [1000, 1001, 1012, 4000, 4499]) {
  test(`closed with ${code} the client comes back`, () => {
    connected();
    lastSocket().ends(code);
    pass(1000);
    assert.equal(FakeSocket.made.length, 2);
  });
}

test("disconnect() closes normally, tells the page after the call, and never comes back", async () => {
  const { client, heard } = connected();

  client.disconnect();
  assert.deepEqual(heard("close"), []);
  await afterTheCall();
  lastSocket().ends(1000);
  pass(600_000);

  assert.equal(lastSocket().closedWith, 1000);
  assert.deepEqual(heard("close"), [{ code: 1000, reason: "", willReconnect: false }]);
  assert.equal(FakeSocket.made.length, 1);
  assert.equal(client.connected, false);
});

test("disconnect() while waiting for a retry ends the wait", () => {
  const { client } = connected();
  lastSocket().ends();

  client.disconnect();
  pass(600_000);

  assert.equal(FakeSocket.made.length, 1);
});

test("disconnect() while connecting closes the socket only once it is open, unheard", async () => {
  const { client, heard } = connecting();

  client.disconnect();
  await afterTheCall();
  assert.equal(lastSocket().closedWith, null);
  lastSocket().opens();

  assert.equal(lastSocket().closedWith, 1000);
  assert.deepEqual(heard("open"), []);
  assert.equal(heard("close").length, 1);
});

test("disconnect() from a close handler is obeyed", () => {
  const { client, heard } = connected();
  client.on("close", () => client.disconnect());

  lastSocket().ends();
  pass(600_000);

  assert.deepEqual(heard("reconnecting"), []);
  assert.equal(FakeSocket.made.length, 1);
});

test("connect() from a close handler makes one connection, not two", () => {
  const { client } = connected();
  client.on("close", () => client.connect());

  lastSocket().ends();
  pass(600_000);

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
  const { client, heard } = connected();

  client.connect("ws://other.test/ws");
  await afterTheCall();

  const [first, second] = FakeSocket.made;
  assert.equal(first.closedWith, 1000);
  assert.equal(second.url, "ws://other.test/ws");
  assert.equal(heard("close").length, 1);
});

test("connect() while waiting for a retry tries at once", () => {
  const { client } = connected();
  lastSocket().ends();

  client.connect();
  assert.equal(FakeSocket.made.length, 2);
  pass(600_000);

  assert.equal(FakeSocket.made.length, 2);
});

test("late events of an old socket are ignored", async () => {
  const { client, heard } = connected();
  const [old] = FakeSocket.made;
  const chats = [];
  client.on("chat", (chat) => chats.push(chat));
  client.connect("ws://other.test/ws");
  lastSocket().opens();
  await afterTheCall();

  old.receives({ type: "chat", message: "late" });
  old.ends(4501);
  pass(1000);

  assert.deepEqual(chats, []);
  assert.equal(heard("close").length, 1);
  assert.equal(client.connected, true);
  assert.equal(FakeSocket.made.length, 2);
});

test("a ping goes out every 30 seconds, only while connected", () => {
  connected();
  const [socket] = FakeSocket.made;

  pass(29_999);
  assert.deepEqual(socket.sent, []);
  pass(1);
  assert.deepEqual(socket.sent, [{ type: "ping" }]);
  pass(30_000);
  assert.equal(socket.sent.length, 2);
  socket.ends();
  pass(60_000);

  assert.equal(socket.sent.length, 2);
});

test("disconnect() ends the pings", () => {
  const { client } = connected();
  client.disconnect();
  pass(60_000);
  assert.deepEqual(lastSocket().sent, []);
});
