/** What the page asks the server, and the leaderboard that it watches. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { answers, arrange, connected, connecting, lastSocket, pass, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

const commands = () => lastSocket().commands.map(({ ref, ...command }) => command);

test("getEvents and getLeaderboard ask for what they say", async () => {
  const { client } = await connected();
  client.getEvents();
  client.getLeaderboard();
  client.getLeaderboard(50);
  assert.deepEqual(commands(), [
    { type: "get_events" },
    { type: "get_leaderboard" },
    { type: "get_leaderboard", limit: 50 },
  ]);
});

test("a watched leaderboard is asked for again on each connection, until the page watches no more", async () => {
  const { client } = await connected();
  client.getLeaderboard(10, { watch: true });
  answers({ type: "leaderboard", entries: [] });
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  assert.deepEqual(commands(), [{ type: "get_leaderboard", limit: 10, watch: true }]);

  client.getLeaderboard(10, { watch: false });
  assert.deepEqual(commands().at(-1), { type: "get_leaderboard", limit: 10, watch: false });
  answers({ type: "leaderboard", entries: [] });
  lastSocket().ends();
  pass(6_000);
  await welcomed();
  assert.deepEqual(commands(), []);
});

test("a watched leaderboard is asked for again also where a hundred messages wait", async () => {
  const { client } = await connected();
  client.getLeaderboard(10, { watch: true });
  answers({ type: "leaderboard", entries: [] });
  lastSocket().ends();
  for (let number = 0; number < 100; number += 1) client.sendChat("Tilo", String(number));
  pass(2_000);
  await welcomed();
  assert.deepEqual(commands().at(-1), { type: "get_leaderboard", limit: 10, watch: true });
});

test("a question beside a watched leaderboard takes its place neither while both wait nor later", async () => {
  const { client } = connecting();
  client.getLeaderboard(10, { watch: true });
  client.getLeaderboard(3);
  client.getLeaderboard(4);
  await welcomed();
  assert.deepEqual(commands(), [
    { type: "get_leaderboard", limit: 10, watch: true },
    { type: "get_leaderboard", limit: 4 },
  ]);
});

test("a board that is watched no more before it was ever asked for is not watched", async () => {
  const { client } = connecting();
  client.getLeaderboard(10, { watch: true });
  client.getLeaderboard(10, { watch: false });
  await welcomed();
  assert.deepEqual(commands(), [{ type: "get_leaderboard", limit: 10, watch: false }]);
});

test("a question whose answer was lost is asked again", async () => {
  const { client } = await connected();
  client.getEvents();
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  assert.deepEqual(commands(), [{ type: "get_events" }]);
});

test("a question that was answered is not asked again, nor one that was refused", async () => {
  const { client, heard } = await connected();
  client.getEvents();
  answers({ type: "global_events", events: [] });
  client.getLeaderboard(1_000);
  answers({ type: "error", code: "invalid_field", message: "limit: Expected int <= 100" });
  assert.deepEqual(heard("error").map(({ code }) => code), ["invalid_field"]);
  lastSocket().ends();
  pass(2_000);
  await welcomed();
  assert.deepEqual(commands(), []);
});

test("the watched leaderboard that comes by itself is told like the first", async () => {
  const { client } = await connected();
  const heard = [];
  client.on("leaderboard", ({ entries }) => heard.push(entries));
  client.getLeaderboard(10, { watch: true });
  answers({ type: "leaderboard", entries: ["first"] });
  lastSocket().receives({ type: "leaderboard", entries: ["second"] });
  assert.deepEqual(heard, [["first"], ["second"]]);
});
