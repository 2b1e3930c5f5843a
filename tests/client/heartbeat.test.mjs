/** How the client finds out that nobody is at the other end. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { arrange, connected, connecting, lastSocket, pass, settle } from "./fakes.mjs";

beforeEach(() => arrange());

const pings = (socket) => socket.sent.filter(({ type }) => type === "ping").length;

test("a ping goes out every 30 seconds, only while connected", async () => {
  await connected();
  const socket = lastSocket();

  pass(29_999);
  assert.equal(pings(socket), 0);
  pass(1);
  assert.equal(pings(socket), 1);
  socket.receives({ type: "pong" });
  pass(30_000);
  assert.equal(pings(socket), 2);
  socket.ends();
  pass(60_000);

  assert.equal(pings(socket), 2);
});

test("a ping that nothing answers within ten seconds ends the connection", async () => {
  const { heard } = await connected();

  pass(30_000 + 9_999);
  assert.deepEqual(heard("close"), []);
  pass(1);

  assert.deepEqual(heard("close"), [{ code: 1006, reason: "no answer", willReconnect: true }]);
});

test("anything that comes proves that the server is there", async () => {
  const { heard } = await connected();
  pass(30_000 + 5_000);
  lastSocket().receives({ type: "online_count", count: 1 });
  pass(20_000);
  assert.deepEqual(heard("close"), []);
});

test("a server that does not welcome within fifteen seconds is left", async () => {
  const { heard } = connecting();
  lastSocket().opens();
  await settle();

  pass(14_999);
  assert.deepEqual(heard("close"), []);
  pass(1);

  assert.equal(heard("close").length, 1);
  assert.equal(lastSocket().closedWith, 1000);
});

test("what the server tells everybody does not take the place of its welcome", async () => {
  const { heard } = connecting();
  lastSocket().opens();
  await settle();

  for (let second = 1; second <= 15; second += 1) {
    lastSocket().receives({ type: "online_count", count: second });
    pass(1_000);
  }

  assert.deepEqual(heard("close"), [{ code: 1006, reason: "no answer", willReconnect: true }]);
});

test("a second welcome on a connection changes nothing", async () => {
  const { heard } = await connected();
  lastSocket().receives({ type: "welcome" });
  pass(30_000);
  assert.equal(pings(lastSocket()), 1);
  assert.equal(heard("open").length, 1);
});

test("a connection that never opens is left after fifteen seconds, and a late opening is closed", () => {
  const { heard } = connecting();
  pass(15_000);
  assert.deepEqual(heard("error").map(({ code }) => code), ["connection_failed"]);
  lastSocket().opens();
  assert.equal(lastSocket().closedWith, 1000);
});

test("disconnect() ends the pings", async () => {
  const { client } = await connected();
  client.disconnect();
  pass(60_000);
  assert.equal(pings(lastSocket()), 0);
});
