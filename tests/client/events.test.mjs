/** What the page's handlers get. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { NOW, arrange, chatOf, connected, lastSocket, welcomed } from "./fakes.mjs";

beforeEach(() => arrange());

/** What handlers of that type got when the server sent the messages. */
async function heardOf(type, ...messages) {
  const { client } = await connected();
  const heard = [];
  client.on(type, (data) => heard.push(data));
  for (const message of messages) lastSocket().receives(message);
  return heard;
}

const CHAT = chatOf(7);

/** A chat message as the page gets it. */
const asShown = (chat) => ({ ...chat, date: new Date(`${chat.timestamp}Z`) });

test("chat: the whole message, with its time as a Date", async () => {
  assert.deepEqual(await heardOf("chat", CHAT), [{ ...CHAT, date: new Date(NOW) }]);
});

test("online_count: the number", async () => {
  assert.deepEqual(await heardOf("online_count", { type: "online_count", count: 3 }), [3]);
});

test("ack: nothing, it has its promise", async () => {
  assert.deepEqual(await heardOf("ack", { type: "ack", ref: 1 }, { type: "ack", ref: "of another" }), []);
});

test("welcome: the whole message, after `open`", async () => {
  const { client } = await connected({ maxRetries: 0 });
  lastSocket().ends();
  const heard = [];
  client.on("open", () => heard.push("open"));
  client.on("welcome", ({ epoch, limits }) => heard.push(epoch, limits.chat_rate));
  client.connect();
  await welcomed();
  assert.deepEqual(heard, ["open", "an epoch", 2]);
});

test("global_events: the list, with ends as Dates", async () => {
  const event = { type: "multiplier", value: "2", expires_at: "2030-01-01T00:10:00", id: 1 };
  const [events] = await heardOf("global_events", { type: "global_events", events: [event] });
  assert.deepEqual(events, [{ ...event, expiresAt: new Date("2030-01-01T00:10:00Z") }]);
});

for (const hours of [-1, 1]) {
  test(`an event ends on this computer's clock, also where that is wrong by ${hours} h`, async () => {
    const { client } = await connected({}, { server_time: Date.now() - hours * 3_600_000 });
    const heard = [];
    client.on("global_events", (events) => heard.push(...events));
    const expires = new Date(Date.now() - hours * 3_600_000 + 600_000).toISOString().slice(0, 19);
    lastSocket().receives({ type: "global_events", events: [{ type: "x", value: "2", expires_at: expires, id: 1 }] });
    assert.equal(heard[0].expiresAt.getTime() - Date.now(), 600_000);
  });
}

for (const type of ["leaderboard", "announcement", "chat_deleted", "pong", "error", "constructor", "unknown"]) {
  test(`${type}: the whole message`, async () => {
    const message = { type, code: "a code", entries: [] };
    assert.deepEqual(await heardOf(type, message, { type: "other" }), [message]);
  });
}

for (const frame of ["{not json", "[]", "null", "7", '{"type":7}', "{}"]) {
  test(`the frame ${frame} is an error, and the next message is heard`, async () => {
    const { client, heard } = await connected();
    const counts = [];
    client.on("online_count", (count) => counts.push(count));

    lastSocket().receives(frame);
    lastSocket().receives({ type: "online_count", count: 2 });

    assert.deepEqual(heard("error").map(({ code }) => code), ["invalid_message"]);
    assert.deepEqual(counts, [2]);
    assert.equal(client.connected, true);
  });
}

test("handlers are called in the order in which they came, each once", async () => {
  const { client } = await connected();
  const called = [];
  const first = () => called.push("first");
  client.on("chat", first);
  client.on("chat", () => called.push("second"));
  client.on("chat", first);

  lastSocket().receives(CHAT);

  assert.deepEqual(called, ["first", "second"]);
});

test("what `on` returned unsubscribes that handler only", async () => {
  const { client } = await connected();
  const called = [];
  const unsubscribe = client.on("chat", () => called.push("gone"));
  client.on("chat", () => called.push("there"));

  unsubscribe();
  unsubscribe();
  lastSocket().receives(CHAT);

  assert.deepEqual(called, ["there"]);
});

test("off unsubscribes, and an unknown handler or type is no error", async () => {
  const { client } = await connected();
  const called = [];
  const handler = () => called.push("called");
  client.on("chat", handler);

  client.off("chat", handler);
  client.off("chat", handler);
  client.off("never heard of", handler);
  lastSocket().receives(CHAT);

  assert.deepEqual(called, []);
});

test("handlers that unsubscribe while they are called do not make others miss the event", async () => {
  const { client } = await connected();
  const called = [];
  const unsubscribe = client.on("chat", () => {
    called.push("first");
    unsubscribe();
  });
  client.on("chat", () => called.push("second"));

  lastSocket().receives(CHAT);
  lastSocket().receives(chatOf(8));

  assert.deepEqual(called, ["first", "second", "second"]);
});

test("a handler that is added while an event is told hears the next one first", async () => {
  const { client } = await connected();
  const heard = [];
  const unsubscribe = client.on("chat", () => {
    unsubscribe();
    client.on("chat", ({ seq }) => heard.push(seq));
  });

  lastSocket().receives(chatOf(1));
  lastSocket().receives(chatOf(2));

  assert.deepEqual(heard, [2]);
});

test("handlers outlive the socket", async () => {
  const { client } = await connected({ maxRetries: 0 });
  const heard = [];
  client.on("chat", (chat) => heard.push(chat));
  lastSocket().ends();

  client.connect();
  await welcomed();
  lastSocket().receives(CHAT);

  assert.deepEqual(heard, [asShown(CHAT)]);
});

test("a handler that throws is seen in the console and breaks nothing", async (context) => {
  const shown = context.mock.method(console, "error", async () => {});
  const { client } = await connected();
  const mistake = new Error("a mistake of the page");
  const heard = [];
  client.on("chat", () => {
    throw mistake;
  });
  client.on("chat", (chat) => heard.push(chat));

  lastSocket().receives(CHAT);
  lastSocket().receives(chatOf(8));

  assert.deepEqual(heard, [asShown(CHAT), asShown(chatOf(8))]);
  assert.deepEqual(shown.mock.calls.map(({ arguments: [error] }) => error), [mistake, mistake]);
});

test("in a browser it goes where uncaught errors go", async () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  try {
    const { client } = await connected();
    client.on("chat", () => {
      throw new Error("a mistake of the page");
    });
    lastSocket().receives(CHAT);
  } finally {
    delete globalThis.reportError;
  }
  assert.equal(reported.length, 1);
});

test("a close handler that throws does not keep the client from coming back", async (context) => {
  context.mock.method(console, "error", async () => {});
  const { client, heard } = await connected();
  client.on("close", () => {
    throw new Error("a mistake of the page");
  });

  lastSocket().ends();

  assert.equal(heard("reconnecting").length, 1);
});

test("a handler that is no function is refused where it is given", async () => {
  const { client } = await connected();
  assert.throws(() => client.on("chat", undefined), /the handler of "chat" must be a function/);
});
