/** When the client connects, comes back, and stays away. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { FakeSocket, URL_OF_SERVER, arrange, connected, connecting, lastSocket, pass, settle, welcomed } from "./fakes.mjs";

const LIBRARY = fileURLToPath(new URL("../../static/websocket-client.js", import.meta.url));

beforeEach(() => arrange());

/** Fails every attempt until the client makes no more; returns the announced waits. */
function exhaust(heard) {
  for (;;) {
    const before = heard("reconnecting").length;
    lastSocket().ends();
    if (heard("reconnecting").length === before) return heard("reconnecting").map(({ delayMs }) => delayMs);
    pass(heard("reconnecting").at(-1).delayMs);
  }
}

test("the page hears when the server has welcomed it and when the connection ended", async () => {
  const { client, events } = connecting();
  lastSocket().opens();
  await settle();
  assert.equal(client.connected, false);
  assert.deepEqual(events, []);

  await welcomed();
  assert.equal(client.connected, true);
  lastSocket().ends(1012, "restart");

  assert.equal(client.connected, false);
  assert.deepEqual(events.slice(0, 2), [
    ["open", undefined],
    ["close", { code: 1012, reason: "restart", willReconnect: true }],
  ]);
});

test("an attempt that never opens is an error, a close and a wait", () => {
  const { events } = connecting();

  lastSocket().ends(1006);

  assert.deepEqual(events, [
    ["error", { code: "connection_failed", message: `No connection to ${URL_OF_SERVER}.` }],
    ["close", { code: 1006, reason: "", willReconnect: true }],
    ["reconnecting", { attempt: 1, maxRetries: 5, delayMs: 1000 }],
  ]);
});

for (const [chance, schedule] of [
  [0, [0, 1500, 3000, 7500, 15000]],
  [0.5, [1000, 2250, 4500, 11250, 22500]],
  [1, [2000, 3000, 6000, 15000, 30000]],
]) {
  test(`five waits, the first soon, the next ever longer (chance says ${chance})`, async () => {
    arrange({ random: chance });
    const { heard } = await connected();
    assert.deepEqual(exhaust(heard), schedule);
  });
}

test("a retry does not start before its wait is over", async () => {
  await connected();
  lastSocket().ends();

  pass(999);
  assert.equal(FakeSocket.made.length, 1);
  pass(1);

  assert.equal(FakeSocket.made.length, 2);
  assert.equal(lastSocket().url, URL_OF_SERVER);
});

test("after the fifth failed retry the client says so and makes no more", async () => {
  const { heard, events } = await connected();

  exhaust(heard);
  pass(600_000);

  assert.equal(FakeSocket.made.length, 1 + 5);
  assert.deepEqual(events.slice(-2), [
    ["close", { code: 1006, reason: "", willReconnect: false }],
    ["failed", { maxRetries: 5 }],
  ]);
});

test("connect() after the last failure starts anew, at the same address", async () => {
  const { client, heard } = await connected();
  exhaust(heard);

  client.connect();

  assert.equal(lastSocket().url, URL_OF_SERVER);
  lastSocket().ends();
  assert.equal(heard("reconnecting").at(-1).attempt, 1);
});

for (const [code, reason] of [[1006, ""], [1012, "retry_ms=1000-2000"]]) {
  test(`maxRetries: 0 never comes back, closed with ${code} ${reason}`, async () => {
    const { heard } = await connected({ maxRetries: 0 });
    lastSocket().ends(code, reason);
    assert.deepEqual(heard("reconnecting"), []);
    assert.deepEqual(heard("close").map(({ willReconnect }) => willReconnect), [false]);
    assert.deepEqual(heard("failed"), [{ maxRetries: 0 }]);
  });
}

test("retries beyond the fifth wait as long as the fifth", async () => {
  const { heard } = await connected({ maxRetries: 7 });
  assert.deepEqual(exhaust(heard).slice(-3), [22500, 22500, 22500]);
});

test("retries are counted anew once a connection has lasted a second", async () => {
  const { heard } = await connected();
  lastSocket().ends();
  pass(1000);
  await welcomed();

  pass(1000);
  lastSocket().ends();

  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 1]);
});

test("a connection that is lost within a second does not count the retries anew", async () => {
  const { heard } = await connected();
  lastSocket().ends();
  pass(1000);
  await welcomed();

  pass(999);
  lastSocket().ends();
  pass(1);

  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 2]);
});

for (const code of [4500, 4501, 4999]) {
  test(`closed with ${code} the client stays away`, async () => {
    const { heard } = await connected();

    lastSocket().ends(code, "banned");
    pass(600_000);

    assert.equal(FakeSocket.made.length, 1);
    assert.deepEqual(heard("close"), [{ code, reason: "banned", willReconnect: false }]);
    assert.deepEqual(heard("failed"), []);
  });
}

for (const code of [1000, 1001, 1012, 4000, 4499]) {
  test(`closed with ${code} the client comes back`, async () => {
    await connected();
    lastSocket().ends(code);
    pass(1000);
    assert.equal(FakeSocket.made.length, 2);
  });
}

test("a server that ends says when to come back, and that uses up no attempt", async () => {
  const { heard } = await connected({ maxRetries: 1 });

  lastSocket().ends(1012, "retry_ms=4000-8000");
  assert.deepEqual(heard("reconnecting"), [{ attempt: 1, maxRetries: 1, delayMs: 6000 }]);
  pass(6000);
  lastSocket().ends();
  pass(2000);

  assert.equal(FakeSocket.made.length, 3);
});

for (const reason of ["retry_ms=", "retry_ms=5-", "retry_ms=-5-10", "please retry_ms=1-2", "later"]) {
  test(`a close reason that is no window ("${reason}") changes nothing`, async () => {
    const { heard } = await connected();
    lastSocket().ends(1012, reason);
    assert.equal(heard("reconnecting")[0].delayMs, 1000);
  });
}

test("a program is kept alive while it waits for the next attempt", () => {
  const program = `
    let attempts = 0;
    Math.random = () => 0;
    globalThis.WebSocket = class {
      constructor() {
        attempts += 1;
        setImmediate(() => this.onclose({ code: 1006, reason: "" }));
      }
    };
    const TiloWebSocket = require(${JSON.stringify(LIBRARY)});
    new TiloWebSocket({ maxRetries: 1 }).connect("ws://game.test/ws");
    process.on("exit", () => console.log(attempts));
  `;
  assert.equal(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }), "2\n");
});
