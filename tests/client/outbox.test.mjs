/** What the page sends, in which order and how fast, and what becomes of it while there is no connection. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";
import {
  LIMITS,
  URL_OF_SERVER,
  answers,
  arrange,
  chatOf,
  connected,
  connecting,
  lastSocket,
  pass,
  settle,
  welcomed,
} from "./fakes.mjs";

beforeEach(() => arrange());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const commands = () => lastSocket().commands.map(({ ref, ...command }) => command);
const sentTexts = () => commands().map(({ message }) => message);

function sayNumbers(client, count) {
  for (let number = 1; number <= count; number += 1) client.sendChat("Tilo", String(number));
}

test("sendChat sends at once, with a UUID and a ref of its own for each message", async () => {
  const { client } = await connected();

  client.sendChat("Tilo", "Hello!");
  client.sendChat("Tilo", "Hello!");

  const [first, second] = lastSocket().commands;
  assert.deepEqual({ ...first, id: "", ref: 0 }, { type: "chat", nickname: "Tilo", message: "Hello!", id: "", ref: 0 });
  assert.match(first.id, UUID);
  assert.match(second.id, UUID);
  assert.notEqual(first.id, second.id);
  assert.notEqual(first.ref, second.ref);
});

test("sendChat needs no crypto.randomUUID, which plain http pages lack", async (context) => {
  context.mock.method(crypto, "randomUUID", () => assert.fail("not there"));
  const { client } = await connected();
  client.sendChat("Tilo", "Hello!");
  assert.match(commands()[0].id, UUID);
});

test("updateScore sends the score as it is and the time in whole seconds", async () => {
  const { client } = await connected();
  client.updateScore("a@b.c", 1234, 56.9);
  client.updateScore("other@b.c", 1, 2, "Tilo");
  assert.deepEqual(commands(), [
    { type: "score_update", email: "a@b.c", score: 1234, survival_time: 56 },
    { type: "score_update", email: "other@b.c", score: 1, survival_time: 2, nickname: "Tilo" },
  ]);
});

test("a chat handler may answer", async () => {
  const { client } = connecting();
  const unsubscribe = client.on("chat", () => {
    unsubscribe();
    client.sendChat("Tilo", "Welcome!");
  });
  await welcomed({ seq: 1, messages: [chatOf(1)] });
  assert.deepEqual(sentTexts(), ["Welcome!"]);
});

test("what is sent before connect() goes out in order once the server has welcomed, before `open`", async () => {
  const client = new TiloWebSocket();
  client.on("open", () => client.sendChat("Tilo", "from the handler"));
  client.sendChat("Tilo", "one");
  client.updateScore("a@b.c", 1, 1);
  client.getLeaderboard();
  client.sendChat("Tilo", "two");

  client.connect(URL_OF_SERVER);
  lastSocket().opens();
  await settle();
  assert.deepEqual(lastSocket().sent, [{ type: "hello" }]);
  await welcomed();

  assert.deepEqual(
    commands().map(({ type, message }) => message ?? type),
    ["one", "score_update", "get_leaderboard", "two", "from the handler"],
  );
});

test("what was not acknowledged is sent again with the same id, and what was is not", async () => {
  const { client } = await connected();
  sayNumbers(client, 2);
  const [first, second] = lastSocket().commands;
  answers({ seq: 1, id: first.id }, first);
  lastSocket().ends();
  client.sendChat("Tilo", "offline");

  pass(2_000);
  await welcomed();

  assert.deepEqual(sentTexts(), ["2", "offline"]);
  assert.equal(commands()[0].id, second.id);
  for (const command of lastSocket().commands) answers({}, command);
  lastSocket().ends();
  pass(6_000);
  await welcomed();
  assert.deepEqual(commands(), []);
});

test("a closing socket is not written to: the message waits for the next one", async () => {
  const { client } = await connected();
  lastSocket().readyState = 2;

  client.sendChat("Tilo", "later");
  assert.deepEqual(commands(), []);
  lastSocket().ends();
  pass(2_000);
  await welcomed();

  assert.deepEqual(sentTexts(), ["later"]);
});

test("scores of a player become one, the best of each field, at the place of the first", async () => {
  const { client } = connecting();
  client.updateScore("a@b.c", 10, 30, "Ann");
  client.sendChat("Ann", "hi");
  client.updateScore("A@B.C ", 20, 20);
  client.updateScore("a@b.c", 15, 25);
  client.updateScore("other@b.c", 5, 5);

  await welcomed();

  assert.deepEqual(
    commands().map(({ email, nickname, score, survival_time }) => [email, nickname, score, survival_time]),
    [
      ["a@b.c", "Ann", 20, 30],
      [undefined, "Ann", undefined, undefined],
      ["other@b.c", undefined, 5, 5],
    ],
  );
});

test("a score that is under way is joined by the next one, so that a lost answer loses neither", async () => {
  const { client } = await connected();
  for (const score of [1, 3, 2]) client.updateScore("a@b.c", score, 1);
  assert.deepEqual(commands().map(({ score }) => score), [1, 3, 3]);
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  assert.deepEqual(commands().map(({ score }) => score), [3]);
});

test("a long queue goes out as fast as the server takes chat: the burst at once, then at the rate", async () => {
  const { client } = connecting();
  sayNumbers(client, 12);

  await welcomed();
  assert.equal(commands().length, 10);
  pass(499);
  assert.equal(commands().length, 10);
  pass(1);
  assert.equal(commands().length, 11);
  client.sendChat("Tilo", "last");
  pass(1_000);

  assert.deepEqual(sentTexts(), [...Array.from({ length: 12 }, (_, index) => String(index + 1)), "last"]);
});

test("chat that has to wait does not hold up scores, and is not overtaken by chat", async () => {
  const { client } = await connected({}, { limits: { ...LIMITS, chat_rate: 0.05, chat_burst: 1 } });
  sayNumbers(client, 3);
  client.updateScore("a@b.c", 1, 1);
  assert.deepEqual(commands().map(({ type, message }) => message ?? type), ["1", "score_update"]);
  pass(20_000);
  assert.equal(sentTexts().at(-1), "2");
  pass(20_000);
  assert.equal(sentTexts().at(-1), "3");
});

test("a chat message that the server puts off does not hold up scores", async () => {
  const { client } = await connected();
  sayNumbers(client, 1);
  answers({ type: "error", code: "rate_limited", message: "slow mode", retry_after: 20 });
  client.updateScore("a@b.c", 1, 1);
  assert.equal(commands().at(-1).type, "score_update");
});

test("limits that change hold at once, also for what waits for older ones", async () => {
  const { client } = await connected({}, { limits: { ...LIMITS, chat_rate: 0.05, chat_burst: 1 } });
  sayNumbers(client, 3);
  assert.equal(sentTexts().length, 1);
  lastSocket().receives({ type: "limits", limits: LIMITS });
  assert.equal(sentTexts().length, 3);
  lastSocket().receives({ type: "limits", limits: { ...LIMITS, chat_rate: 0.05, chat_burst: 1 } });
  sayNumbers(client, 3);
  assert.equal(sentTexts().length, 4);
});

test("the limit for commands of all types is kept too, hello counted", async () => {
  const { client } = connecting();
  for (let number = 0; number < 8; number += 1) client.updateScore(`${number}@b.c`, 1, 1);
  await welcomed({ limits: { ...LIMITS, command_rate: 2, command_burst: 5 } });
  assert.equal(commands().length, 4);
  pass(1_500);
  assert.equal(commands().length, 7);
});

test("where the server has no limits nothing is held back", async () => {
  const { client } = connecting();
  sayNumbers(client, 100);
  await welcomed({ limits: { ...LIMITS, chat_rate: 0, command_rate: 0 } });
  assert.equal(commands().length, 100);
});

test("after a loss a long queue goes out at the pace of the new connection alone", async () => {
  const { client } = connecting();
  sayNumbers(client, 30);
  await welcomed();
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  pass(500);
  assert.equal(commands().length, 11);
});
