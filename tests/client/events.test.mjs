/** What the page's handlers get. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { arrange, connected, lastSocket } from "./fakes.mjs";

beforeEach(() => arrange());

/** What handlers of that type got when the server sent the messages. */
function heardOf(type, ...messages) {
  const { client } = connected();
  const heard = [];
  client.on(type, (data) => heard.push(data));
  for (const message of messages) lastSocket().receives(message);
  return heard;
}

const CHAT = { type: "chat", nickname: "Tilo", message: "Hi", timestamp: "2030-01-01T00:00:00", seq: 7, id: "an-id" };

test("chat: the whole message", () => assert.deepEqual(heardOf("chat", CHAT), [CHAT]));

test("online_count: the number", () => {
  assert.deepEqual(heardOf("online_count", { type: "online_count", count: 3 }), [3]);
});

test("global_events: the list", () => {
  const events = [{ type: "multiplier", value: "2", expires_at: "2030-01-01T00:00:00", id: 1 }];
  assert.deepEqual(heardOf("global_events", { type: "global_events", events }), [events]);
});

for (const type of ["leaderboard", "announcement", "chat_deleted", "ack", "pong", "error", "constructor", "unknown"]) {
  test(`${type}: the whole message`, () => {
    const message = { type, code: "a code", entries: [] };
    assert.deepEqual(heardOf(type, message, { type: "other" }), [message]);
  });
}

for (const frame of ["{not json", "[]", "null", "7", '{"type":7}', "{}"]) {
  test(`the frame ${frame} is an error, and the next message is heard`, () => {
    const { client, heard } = connected();
    const counts = [];
    client.on("online_count", (count) => counts.push(count));

    lastSocket().receives(frame);
    lastSocket().receives({ type: "online_count", count: 2 });

    assert.deepEqual(heard("error").map(({ code }) => code), ["invalid_message"]);
    assert.deepEqual(counts, [2]);
    assert.equal(client.connected, true);
  });
}

test("handlers are called in the order in which they came, each once", () => {
  const { client } = connected();
  const called = [];
  const first = () => called.push("first");
  client.on("chat", first);
  client.on("chat", () => called.push("second"));
  client.on("chat", first);

  lastSocket().receives(CHAT);

  assert.deepEqual(called, ["first", "second"]);
});

test("what `on` returned unsubscribes that handler only", () => {
  const { client } = connected();
  const called = [];
  const unsubscribe = client.on("chat", () => called.push("gone"));
  client.on("chat", () => called.push("there"));

  unsubscribe();
  unsubscribe();
  lastSocket().receives(CHAT);

  assert.deepEqual(called, ["there"]);
});

test("off unsubscribes, and an unknown handler or type is no error", () => {
  const { client } = connected();
  const called = [];
  const handler = () => called.push("called");
  client.on("chat", handler);

  client.off("chat", handler);
  client.off("chat", handler);
  client.off("never heard of", handler);
  lastSocket().receives(CHAT);

  assert.deepEqual(called, []);
});

test("handlers that unsubscribe while they are called do not make others miss the event", () => {
  const { client } = connected();
  const called = [];
  const unsubscribe = client.on("chat", () => {
    called.push("first");
    unsubscribe();
  });
  client.on("chat", () => called.push("second"));

  lastSocket().receives(CHAT);
  lastSocket().receives(CHAT);

  assert.deepEqual(called, ["first", "second", "second"]);
});

test("a handler that is added while an event is told hears the next one first", () => {
  const { client } = connected();
  const heard = [];
  const unsubscribe = client.on("chat", () => {
    unsubscribe();
    client.on("chat", ({ seq }) => heard.push(seq));
  });

  lastSocket().receives({ ...CHAT, seq: 1 });
  lastSocket().receives({ ...CHAT, seq: 2 });

  assert.deepEqual(heard, [2]);
});

test("handlers outlive the socket", () => {
  const { client } = connected({ maxRetries: 0 });
  const heard = [];
  client.on("chat", (chat) => heard.push(chat));
  lastSocket().ends();

  client.connect();
  lastSocket().opens();
  lastSocket().receives(CHAT);

  assert.deepEqual(heard, [CHAT]);
});

test("a handler that throws is seen in the console and breaks nothing", (context) => {
  const shown = context.mock.method(console, "error", () => {});
  const { client } = connected();
  const mistake = new Error("a mistake of the page");
  const heard = [];
  client.on("chat", () => {
    throw mistake;
  });
  client.on("chat", (chat) => heard.push(chat));

  lastSocket().receives(CHAT);
  lastSocket().receives(CHAT);

  assert.deepEqual(heard, [CHAT, CHAT]);
  assert.deepEqual(shown.mock.calls.map(({ arguments: [error] }) => error), [mistake, mistake]);
});

test("in a browser it goes where uncaught errors go", () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  try {
    const { client } = connected();
    client.on("chat", () => {
      throw new Error("a mistake of the page");
    });
    lastSocket().receives(CHAT);
  } finally {
    delete globalThis.reportError;
  }
  assert.equal(reported.length, 1);
});

test("a close handler that throws does not keep the client from coming back", (context) => {
  context.mock.method(console, "error", () => {});
  const { client, heard } = connected();
  client.on("close", () => {
    throw new Error("a mistake of the page");
  });

  lastSocket().ends();

  assert.equal(heard("reconnecting").length, 1);
});

test("a handler that is no function is refused where it is given", () => {
  const { client } = connected();
  assert.throws(() => client.on("chat", undefined), /the handler of "chat" must be a function/);
});
