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

test("a getToken that fails is told, and asked again by the next attempt", async () => {
  const fail = () => { throw new Error("no session"); };
  const { heard } = connecting({ getToken: tokens(fail, "second") });
  lastSocket().opens();
  await settle();
  assert.deepEqual(heard("error"), [{ code: "no_token", message: "Error: no session" }]);
  assert.deepEqual(lastSocket().sent, []);

  pass(15_000 + 2_000);
  await welcomed();
  assert.equal(lastSocket().sent[0].token, "second");
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
