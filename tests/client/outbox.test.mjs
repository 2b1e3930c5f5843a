/** What the page sends, and what becomes of it while there is no connection. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";
import { URL_OF_SERVER, afterTheCall, arrange, connected, connecting, lastSocket, pass } from "./fakes.mjs";

beforeEach(() => arrange());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const sentTexts = () => lastSocket().sent.map(({ message }) => message);

function sayNumbers(client, count) {
  for (let number = 1; number <= count; number += 1) client.sendChat("Tilo", String(number));
}

test("sendChat sends at once, with a UUID of its own for each message", () => {
  const { client } = connected();

  client.sendChat("Tilo", "Hello!");
  client.sendChat("Tilo", "Hello!");

  const [first, second] = lastSocket().sent;
  assert.deepEqual({ ...first, id: "" }, { type: "chat", nickname: "Tilo", message: "Hello!", id: "" });
  assert.match(first.id, UUID);
  assert.match(second.id, UUID);
  assert.notEqual(first.id, second.id);
});

test("sendChat needs no crypto.randomUUID, which plain http pages lack", (context) => {
  context.mock.method(crypto, "randomUUID", () => assert.fail("not there"));
  const { client } = connected();
  client.sendChat("Tilo", "Hello!");
  assert.match(lastSocket().sent[0].id, UUID);
});

test("updateScore sends the score as it is and the time in whole seconds", () => {
  const { client } = connected();
  client.updateScore("a@b.c", 1234, 56.9);
  assert.deepEqual(lastSocket().sent, [{ type: "score_update", email: "a@b.c", score: 1234, survival_time: 56 }]);
});

test("updateScore carries a nickname when there is one", () => {
  const { client } = connected();
  client.updateScore("a@b.c", 1, 2, "Tilo");
  assert.equal(lastSocket().sent[0].nickname, "Tilo");
});

test("every score is sent at once while connected, also a worse one", () => {
  const { client } = connected();
  for (const score of [1, 3, 2]) client.updateScore("a@b.c", score, 1);
  assert.deepEqual(lastSocket().sent.map(({ score }) => score), [1, 3, 2]);
});

test("getEvents and getLeaderboard ask for what they say", () => {
  const { client } = connected();
  client.getEvents();
  client.getLeaderboard();
  client.getLeaderboard(50);
  assert.deepEqual(lastSocket().sent, [
    { type: "get_events" },
    { type: "get_leaderboard" },
    { type: "get_leaderboard", limit: 50 },
  ]);
});

test("what is sent before connect() goes out in order once the connection is open, before `open`", () => {
  const client = new TiloWebSocket();
  client.on("open", () => client.sendChat("Tilo", "from the handler"));
  client.sendChat("Tilo", "one");
  client.updateScore("a@b.c", 1, 1);
  client.getLeaderboard();
  client.sendChat("Tilo", "two");

  client.connect(URL_OF_SERVER);
  assert.deepEqual(lastSocket().sent, []);
  lastSocket().opens();

  assert.deepEqual(
    lastSocket().sent.map(({ type, message }) => message ?? type),
    ["one", "score_update", "get_leaderboard", "two", "from the handler"],
  );
});

test("what is sent while disconnected goes out after the reconnect, once", () => {
  const { client } = connected();
  lastSocket().ends();
  client.sendChat("Tilo", "offline");

  pass(1000);
  lastSocket().opens();
  assert.deepEqual(sentTexts(), ["offline"]);
  lastSocket().ends();
  pass(10_000);
  lastSocket().opens();

  assert.deepEqual(lastSocket().sent, []);
});

test("a closing socket is not written to: the message waits for the next one", () => {
  const { client } = connected();
  lastSocket().readyState = 2;

  client.sendChat("Tilo", "later");
  assert.deepEqual(lastSocket().sent, []);
  lastSocket().ends();
  pass(1000);
  lastSocket().opens();

  assert.deepEqual(sentTexts(), ["later"]);
});

test("waiting scores of a player become one, the best of each field, at the place of the first", () => {
  const { client } = connecting();
  client.updateScore("a@b.c", 10, 30, "Ann");
  client.sendChat("Ann", "hi");
  client.updateScore("A@B.C ", 20, 20);
  client.updateScore("a@b.c", 15, 25);
  client.updateScore("other@b.c", 5, 5);

  lastSocket().opens();

  assert.deepEqual(
    lastSocket().sent.map(({ email, nickname, score, survival_time }) => [email, nickname, score, survival_time]),
    [
      ["a@b.c", "Ann", 20, 30],
      [undefined, "Ann", undefined, undefined],
      ["other@b.c", undefined, 5, 5],
    ],
  );
});

test("of several waiting questions for the leaderboard the newest is asked", () => {
  const { client } = connecting();
  client.getLeaderboard(5);
  client.getLeaderboard(7);
  lastSocket().opens();
  assert.deepEqual(lastSocket().sent, [{ type: "get_leaderboard", limit: 7 }]);
});

test("a hundred messages wait; the next is refused with an error after the call", async () => {
  const { client, heard } = connecting();

  sayNumbers(client, 101);
  assert.deepEqual(heard("error"), []);
  await afterTheCall();
  lastSocket().opens();
  pass(60_000);

  assert.deepEqual(heard("error").map(({ code }) => code), ["queue_full"]);
  assert.deepEqual(
    sentTexts().filter(Boolean),
    Array.from({ length: 100 }, (_, index) => String(index + 1)),
  );
});

test("a full queue still takes a better score of a player who is in it", async () => {
  const { client, heard } = connecting();
  client.updateScore("a@b.c", 1, 1);
  sayNumbers(client, 99);

  client.updateScore("a@b.c", 2, 1);
  await afterTheCall();
  lastSocket().opens();

  assert.deepEqual(heard("error"), []);
  assert.equal(lastSocket().sent[0].score, 2);
});

test("a long queue goes out as fast as the server takes chat: ten at once, then one each 600 ms", () => {
  const { client } = connecting();
  sayNumbers(client, 12);

  lastSocket().opens();
  assert.equal(lastSocket().sent.length, 10);
  pass(599);
  assert.equal(lastSocket().sent.length, 10);
  pass(1);
  assert.equal(lastSocket().sent.length, 11);
  pass(600);

  assert.deepEqual(sentTexts(), Array.from({ length: 12 }, (_, index) => String(index + 1)));
});

test("what is sent while a long queue goes out does not overtake it", () => {
  const { client } = connecting();
  sayNumbers(client, 11);
  lastSocket().opens();

  client.sendChat("Tilo", "last");
  pass(600);
  pass(600);
  client.sendChat("Tilo", "direct");

  assert.deepEqual(sentTexts().slice(-3), ["11", "last", "direct"]);
});

test("a connection that is lost in the middle of a long queue keeps the rest", () => {
  const { client } = connecting();
  sayNumbers(client, 12);
  lastSocket().opens();

  const first = lastSocket();
  first.readyState = 2;
  pass(600);
  first.ends();
  pass(1000);
  lastSocket().opens();

  assert.equal(first.sent.length, 10);
  assert.deepEqual(sentTexts(), ["11", "12"]);
});

for (const [event, leave] of [
  ["a loss", () => lastSocket().ends()],
  ["a move to another address", (client) => client.connect("ws://other.test/ws")],
]) {
  test(`after ${event} a long queue goes out at the pace of the new connection alone`, () => {
    arrange({ random: 0 });
    const { client } = connecting();
    sayNumbers(client, 30);
    lastSocket().opens();
    leave(client);
    pass(1);

    lastSocket().opens();
    pass(600);

    assert.equal(lastSocket().sent.length, 11);
  });
}

for (const [name, message, call] of [
  ["an undefined nickname", /^nickname .* not undefined$/, (client) => client.sendChat(undefined, "Hello!")],
  ["a number as message", /^message .* not 7$/, (client) => client.sendChat("Tilo", 7)],
  ["no e-mail address", /^email .* not null$/, (client) => client.updateScore(null, 1, 1)],
  ["NaN as score", /^score .* not NaN$/, (client) => client.updateScore("a@b.c", NaN, 1)],
  ["text as score", /^score .* not 12$/, (client) => client.updateScore("a@b.c", "12", 1)],
  ["infinite survival", /^survivalTime .* not Infinity$/, (client) => client.updateScore("a@b.c", 1, Infinity)],
  ["no survival time", /^survivalTime .* not undefined$/, (client) => client.updateScore("a@b.c", 1)],
]) {
  test(`${name} throws a TypeError that says so, and sends nothing`, () => {
    const { client } = connected();
    assert.throws(() => call(client), { name: "TypeError", message });
    assert.deepEqual(lastSocket().sent, []);
  });
}
