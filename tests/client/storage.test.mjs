/** What waits outlives a reload of the page, where the page wants that. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";
import { NOW, answers, arrange, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

/** As browsers have it: items are properties of the object, beside what its class has. */
class FakeStorage {
  getItem(key) {
    return this[key] ?? null;
  }

  setItem(key, value) {
    this[key] = String(value);
  }

  removeItem(key) {
    delete this[key];
  }
}

beforeEach(() => {
  arrange();
  globalThis.localStorage = new FakeStorage();
});

afterEach(() => delete globalThis.localStorage);

const KEPT = { storageKey: "tilo" };
const keys = () => Object.keys(localStorage);

test("what was not acknowledged before a reload is sent after it, in order, with the same id", async () => {
  const before = await connected(KEPT);
  before.client.sendChat("Tilo", "one");
  pass(100);
  before.client.updateScore("a@b.c", 1, 2);
  before.client.getLeaderboard();
  const [{ id }] = lastSocket().commands;
  assert.equal(keys().length, 2);

  await connected(KEPT);

  assert.deepEqual(lastSocket().commands.map(({ type }) => type), ["chat", "score_update"]);
  assert.equal(lastSocket().commands[0].id, id);
  for (const command of lastSocket().commands) answers({}, command);
  assert.deepEqual(keys(), []);
});

test("without a storage key nothing is kept", async () => {
  const { client } = await connected();
  client.sendChat("Tilo", "one");
  assert.deepEqual(keys(), []);
});

test("the time that something waited counts over a reload", async () => {
  connecting(KEPT).client.sendChat("Tilo", "old");
  pass(200_000);
  connecting({ ...KEPT, maxRetries: 100 });
  pass(99_999);
  assert.equal(keys().length, 1);
  pass(1);
  assert.deepEqual(keys(), []);
});

test("what is older than it may be is not sent", async () => {
  connecting({ ...KEPT, queueAgeMs: 10 ** 8 }).client.sendChat("Tilo", "old");
  pass(300_001);
  const { heard } = await connected(KEPT);
  assert.deepEqual(lastSocket().commands, []);
  assert.deepEqual(keys(), []);
  await settle();
  assert.deepEqual(heard("error").map(({ code }) => code), ["given_up"]);
});

test("what a computer wrote whose clock was ahead waits no longer than the rest", async () => {
  connecting(KEPT).client.sendChat("Tilo", "old");
  mock.timers.setTime(NOW - 10 * 3_600_000);
  connecting({ ...KEPT, maxRetries: 100 });
  pass(300_000);
  assert.deepEqual(keys(), []);
});

test("the order of one moment outlives a reload, in whatever order the browser gives the items", async () => {
  const { client } = connecting(KEPT);
  for (const text of ["one", "two", "three"]) client.sendChat("Tilo", text);
  for (const [key, value] of Object.entries(localStorage).reverse()) {
    localStorage.removeItem(key);
    localStorage.setItem(key, value);
  }

  await connected(KEPT);

  assert.deepEqual(lastSocket().commands.map(({ message }) => message), ["one", "two", "three"]);
});

test("a score that became better is kept as it is now", async () => {
  const { client } = connecting(KEPT);
  client.updateScore("a@b.c", 1, 9);
  client.updateScore("A@b.c", 5, 1);
  await connected(KEPT);
  assert.deepEqual(lastSocket().commands.map(({ score, survival_time: time }) => [score, time]), [[5, 9]]);
});

test("other items, broken ones among them, do no harm and stay", async () => {
  connecting(KEPT).client.sendChat("Tilo", "good");
  const others = {
    theme: "dark",
    "tilo:a": "not json",
    "tilo:b": "null",
    "tilo:c": "7",
    "tilo:d": "{}",
    "tilo:e": '{"type":7}',
    "tilo:f": '{"type":"chat","id":"of another","at":1}',
    "tilo:g": '{"type":"score_update"}',
    "tilo:other game:h": '{"type":"chat","id":"h","at":1}',
  };
  for (const [key, value] of Object.entries(others)) localStorage.setItem(key, value);

  const { client } = await connected(KEPT);
  client.sendChat("Tilo", "one");

  assert.deepEqual(lastSocket().commands.map(({ message }) => message), ["good", "one"]);
  for (const command of lastSocket().commands) answers({}, command);
  assert.deepEqual({ ...localStorage }, others);
});

test("storage that is full or closed to the page does no harm", async () => {
  for (const broken of [null, { setItem() { throw new Error("full"); } }]) {
    globalThis.localStorage = broken;
    const { client } = await connected(KEPT);
    client.sendChat("Tilo", "one");
    assert.equal(lastSocket().commands.length, 1);
    answers({ seq: 1 });
  }
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get() { throw new Error("closed"); } });
  assert.doesNotThrow(() => new TiloWebSocket(KEPT).sendChat("Tilo", "one"));
});

test("two games on one page's storage keep apart", async () => {
  connecting({ storageKey: "one" }).client.sendChat("Tilo", "of one");
  connecting({ storageKey: "two" }).client.sendChat("Tilo", "of two");
  connecting({ storageKey: "two" });
  await welcomed();
  assert.deepEqual(lastSocket().commands.map(({ message }) => message), ["of two"]);
});
