/** The library against a real server, whose address is in TILO_URL. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";

const { TILO_URL } = process.env;
const options = { skip: TILO_URL ? false : "TILO_URL names no server", timeout: 60_000 };

const clients = [];
afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));

/** A new client, not yet connected, which is disconnected after the test. */
function newClient() {
  const client = new TiloWebSocket({ maxRetries: 0 });
  clients.push(client);
  return client;
}

/** The next event of that type whose data suits. */
function heard(client, type, suits = () => true) {
  return new Promise((resolve) => {
    const unsubscribe = client.on(type, (data) => {
      if (!suits(data)) return;
      unsubscribe();
      resolve(data);
    });
  });
}

async function joined() {
  const client = newClient();
  const open = heard(client, "open");
  client.connect(TILO_URL);
  await open;
  return client;
}

/** A name and an address that nobody else on the server has. */
function newPlayer() {
  const nickname = `Ann${crypto.randomUUID().slice(0, 8)}`;
  return { nickname, email: `${nickname}@players.test` };
}

/** The player's entry on the leaderboard. */
async function entryOf(client, nickname) {
  const leaderboard = heard(client, "leaderboard");
  client.getLeaderboard(100);
  return (await leaderboard).entries.find((entry) => entry.nickname === nickname);
}

// The first test, because the clients of an earlier one would still be leaving.
test("both are told the same online count, on connecting and when somebody comes or goes", options, async () => {
  const [ann, ben] = [newClient(), newClient()];
  const first = heard(ann, "online_count");
  ann.connect(TILO_URL);
  const alone = await first;
  assert.ok(alone >= 1);

  const counts = [ann, ben].map((client) => heard(client, "online_count", (count) => count === alone + 1));
  ben.connect(TILO_URL);
  await Promise.all(counts);

  const again = heard(ann, "online_count", (count) => count === alone);
  ben.disconnect();
  await again;
});

test("two clients hear what each of them says, the same message for both", options, async () => {
  const [ann, ben] = [await joined(), await joined()];
  const [annsName, bensName] = [newPlayer().nickname, newPlayer().nickname];

  for (const [speaker, nickname, text] of [[ann, annsName, "Hello Ben!"], [ben, bensName, "Hello Ann! 🎈 <b>"]]) {
    const both = Promise.all([ann, ben].map((client) => heard(client, "chat", (chat) => chat.nickname === nickname)));
    const stored = await speaker.sendChat(nickname, text);
    const [atAnn, atBen] = await both;

    assert.deepEqual(atAnn, atBen);
    assert.equal(atAnn.message, text);
    assert.deepEqual(stored, { seq: atAnn.seq, id: atAnn.id });
    assert.match(atAnn.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    assert.equal(atAnn.date.getTime(), Date.parse(`${atAnn.timestamp}Z`));
  }
});

test("chat that waited for the connection arrives, in order", options, async () => {
  const listener = await joined();
  const { nickname } = newPlayer();
  const texts = [];
  const last = heard(listener, "chat", (chat) => {
    if (chat.nickname === nickname) texts.push(chat.message);
    return texts.length === 3;
  });

  const speaker = newClient();
  for (const text of ["one", "two", "three"]) speaker.sendChat(nickname, text);
  speaker.connect(TILO_URL);
  await last;

  assert.deepEqual(texts, ["one", "two", "three"]);
});

test("a score that is acknowledged is on the leaderboard, the best score with the best time", options, async () => {
  const client = await joined();
  const { nickname, email } = newPlayer();

  await client.updateScore(email, 9_000_000_000_001, 12.9, nickname);
  const first = await entryOf(client, nickname);
  assert.deepEqual([first.score, first.survival_time], [9_000_000_000_001, 12]);
  await client.updateScore(email, 9_000_000_000_000, 20);
  const entry = await entryOf(client, nickname);

  assert.deepEqual([entry.score, entry.survival_time], [9_000_000_000_001, 20]);
  assert.ok(entry.rank >= 1);
  assert.ok(!JSON.stringify(entry).includes(email));
});

test("a watched leaderboard comes again when it changes", options, async () => {
  const client = await joined();
  const { nickname, email } = newPlayer();
  client.getLeaderboard(100, { watch: true });
  const changed = heard(client, "leaderboard", ({ entries }) => entries.some((entry) => entry.nickname === nickname));

  client.updateScore(email, 9_000_000_000_002, 1, nickname);

  await changed;
});

test("the last messages come as history on the first connecting, oldest first", options, async () => {
  const speaker = await joined();
  const { nickname } = newPlayer();
  for (const text of ["one", "two", "three"]) await speaker.sendChat(nickname, text);

  const late = new TiloWebSocket({ history: 2 });
  clients.push(late);
  const texts = [];
  late.on("chat", ({ message }) => texts.push(message));
  late.connect(TILO_URL);
  await heard(late, "chat", ({ message }) => message === "three");

  assert.deepEqual(texts, ["two", "three"]);
});

test("the events are told on connecting, and again when asked", options, async () => {
  const client = newClient();
  const told = heard(client, "global_events");
  client.connect(TILO_URL);
  const events = await told;
  assert.ok(Array.isArray(events));

  const again = heard(client, "global_events");
  client.getEvents();

  assert.deepEqual(await again, events);
});

test("what the server refuses is an error with a code, for its promise and for the page, and the next message works", options, async () => {
  const client = await joined();
  const { nickname } = newPlayer();

  const refused = heard(client, "error");
  await assert.rejects(client.sendChat(nickname, "   "), { code: "invalid_field" });
  assert.equal((await refused).code, "invalid_field");

  const chat = heard(client, "chat", (message) => message.nickname === nickname);
  client.sendChat(nickname, "still here");
  assert.equal((await chat).message, "still here");
});

test("where nobody listens, the client says that there is no connection and that it failed", async () => {
  const client = newClient();
  const [error, failed] = [heard(client, "error"), heard(client, "failed")];

  client.connect("ws://127.0.0.1:1/ws");

  assert.equal((await error).code, "connection_failed");
  assert.deepEqual(await failed, { maxRetries: 0 });
});
