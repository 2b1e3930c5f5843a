/** Who plays: the token of the game's back end. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { arrange, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

/** A getToken that gives these one after the other; functions are called. */
const tokens = (...given) => async () => {
  const next = given.shift();
  return typeof next === "function" ? next() : next;
};

test("a token is shown in each hello", async () => {
  await connected({ token: "t" });
  assert.deepEqual(lastSocket().sent, [{ type: "hello", token: "t" }]);
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  assert.equal(lastSocket().sent[0].token, "t");
});

test("getToken is asked anew for each connection, also after an expired token", async () => {
  await connected({ getToken: tokens("first", "second") });
  assert.equal(lastSocket().sent[0].token, "first");
  lastSocket().ends(4002, "token_expired");
  pass(2_000);
  await welcomed();
  assert.equal(lastSocket().sent[0].token, "second");
});

test("a getToken that fails is told, and asked again by the next attempt, before the server sends away for good", async () => {
  const fail = () => {
    throw new Error("no session");
  };
  const { heard } = connecting({ getToken: tokens(fail, "second") });
  lastSocket().opens();
  await settle();
  assert.deepEqual(heard("error"), [{ code: "no_token", message: "Error: no session" }]);
  assert.deepEqual(lastSocket().sent, []);

  assert.deepEqual(heard("close"), [{ code: 1006, reason: "no token", willReconnect: true }]);
  pass(2_000);
  await welcomed();
  assert.equal(lastSocket().sent[0].token, "second");
});

test("a getToken that throws is as one that rejects", async () => {
  const { heard } = connecting({ getToken: () => assert.fail("no session") });
  lastSocket().opens();
  await settle();
  assert.deepEqual(heard("error").map(({ code }) => code), ["no_token"]);
});

test("a getToken that takes too long is asked again, before the server sends away for good", async () => {
  let asked = 0;
  const { heard } = connecting({ getToken: () => new Promise(() => (asked += 1)) });
  lastSocket().opens();
  lastSocket().receives({ type: "online_count", count: 1 });
  pass(8_000);
  assert.deepEqual(heard("close"), [{ code: 1006, reason: "no answer", willReconnect: true }]);
  pass(2_000);
  lastSocket().opens();
  assert.equal(asked, 2);
});

test("a page that disconnects because there is no token is obeyed", async () => {
  const { client, heard } = connecting({ getToken: () => assert.fail("no session") });
  client.on("error", () => client.disconnect());
  lastSocket().opens();
  await settle();
  assert.deepEqual(heard("close").map(({ willReconnect }) => willReconnect), [false]);
  assert.deepEqual(heard("reconnecting"), []);
});

test("a token that comes too late for its connection is not shown on the next", async () => {
  let give;
  const { client } = connecting({ getToken: () => new Promise((resolve) => (give ??= resolve)) });
  lastSocket().opens();
  const late = lastSocket();
  client.connect("ws://other.test/ws");
  give("late");
  await settle();
  assert.deepEqual(late.sent, []);
  assert.deepEqual(lastSocket().sent, []);
});

test("a token that ends soon is replaced", async () => {
  await connected({ getToken: tokens("first", "second") });
  lastSocket().receives({ type: "token_expiring", seconds: 60 });
  await settle();
  assert.deepEqual(lastSocket().sent.at(-1), { type: "auth", token: "second" });
});

test("the same token is not shown again, or the server would warn again, and so on", async () => {
  for (const options of [{ token: "first" }, { getToken: tokens("first", "first") }]) {
    await connected(options);
    lastSocket().receives({ type: "token_expiring", seconds: 60 });
    await settle();
    assert.deepEqual(lastSocket().sent, [{ type: "hello", token: "first" }]);
  }
});

test("a page that moves when its token ends shows the new one in hello", async () => {
  const { client } = await connected({ getToken: tokens("first", "second") });
  client.on("token_expiring", () => client.connect("ws://other.test/ws"));
  lastSocket().receives({ type: "token_expiring", seconds: 60 });
  await welcomed();
  assert.deepEqual(lastSocket().sent.map(({ type, token }) => [type, token]), [["hello", "second"]]);
});

test("a token that cannot be replaced is told, and the connection goes on", async () => {
  const { client, heard } = await connected({ getToken: tokens("first", () => Promise.reject(new Error("offline"))) });
  lastSocket().receives({ type: "token_expiring", seconds: 60 });
  await settle();
  assert.deepEqual(heard("error"), [{ code: "no_token", message: "Error: offline" }]);
  assert.equal(client.connected, true);
});

test("a refused token is an error, also before the welcome", async () => {
  const { heard } = connecting({ token: "forged" });
  lastSocket().opens();
  await settle();
  lastSocket().receives({ type: "error", code: "invalid_token", message: "no" });
  lastSocket().ends(4500, "invalid_token");
  assert.deepEqual(heard("error").map(({ code }) => code), ["invalid_token"]);
  assert.equal(heard("close")[0].willReconnect, false);
});
