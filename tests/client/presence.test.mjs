/** Nothing is tried while the page has no network or nobody looks at it; then at once. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { FakeSocket, arrange, connected, lastSocket, pass, welcomed } from "./fakes.mjs";

/** What of a browser the library looks at. */
const page = new EventTarget();
const network = { onLine: true };

beforeEach(() => {
  arrange();
  page.hidden = false;
  network.onLine = true;
  Object.defineProperty(globalThis, "navigator", { value: network, configurable: true });
  globalThis.document = page;
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
});

afterEach(() => {
  for (const name of ["document", "navigator", "addEventListener", "removeEventListener"]) delete globalThis[name];
});

function show(hidden) {
  page.hidden = hidden;
  page.dispatchEvent(new Event("visibilitychange"));
}

function goOnline() {
  network.onLine = true;
  page.dispatchEvent(new Event("online"));
}

for (const [name, leave, comeBack] of [
  ["offline", () => (network.onLine = false), goOnline],
  ["hidden", () => show(true), () => show(false)],
]) {
  test(`while ${name} nothing is tried, and on the return at once`, async () => {
    await connected();
    leave();
    lastSocket().ends();
    pass(600_000);
    assert.equal(FakeSocket.made.length, 1);

    comeBack();
    assert.equal(FakeSocket.made.length, 2);
    comeBack();
    assert.equal(FakeSocket.made.length, 2);
  });
}

test("after the last failure the return of the network or of the player starts anew", async () => {
  for (const comeBack of [goOnline, () => show(false)]) {
    const { client, heard } = await connected({ maxRetries: 1 });
    lastSocket().ends();
    pass(2_000);
    lastSocket().ends();
    assert.equal(heard("failed").length, 1);
    const before = FakeSocket.made.length;

    comeBack();
    assert.equal(FakeSocket.made.length, before + 1);
    lastSocket().ends();
    assert.equal(heard("reconnecting").at(-1).attempt, 1);
    client.disconnect();
  }
});

test("the return of the network does not shorten a wait", async () => {
  await connected();
  lastSocket().ends();
  goOnline();
  assert.equal(FakeSocket.made.length, 1);
  pass(1_000);
  assert.equal(FakeSocket.made.length, 2);
});

test("who comes back to the page learns soon that the connection is dead", async () => {
  const { heard } = await connected();
  show(true);
  show(false);
  assert.equal(lastSocket().sent.at(-1).type, "ping");
  pass(10_000);
  assert.equal(heard("close").length, 1);
});

for (const end of [(client) => client.disconnect(), () => lastSocket().ends(4501, "banned")]) {
  test(`after ${end} no return brings the client back`, async () => {
    const { client } = await connected();
    end(client);
    goOnline();
    show(true);
    show(false);
    pass(600_000);
    assert.equal(FakeSocket.made.length, 1);
  });
}

test("connect() after the server's refusal listens to the page again", async () => {
  const { client } = await connected();
  lastSocket().ends(4501, "banned");
  client.connect();
  await welcomed();
  network.onLine = false;
  lastSocket().ends();
  pass(60_000);
  goOnline();
  assert.equal(FakeSocket.made.length, 3);
});

test("a page that is seen again but has no network waits on", async () => {
  await connected();
  network.onLine = false;
  lastSocket().ends();
  pass(2_000);
  show(true);
  show(false);
  assert.equal(FakeSocket.made.length, 1);
  goOnline();
  assert.equal(FakeSocket.made.length, 2);
});

test("attempts go on where they stood when the player left", async () => {
  const { heard } = await connected();
  lastSocket().ends();
  pass(2_000);
  lastSocket().ends();
  show(true);
  pass(60_000);
  show(false);
  lastSocket().ends();
  assert.deepEqual(heard("reconnecting").map(({ attempt }) => attempt), [1, 2, 3]);
});

test("disconnect() leaves no listener behind", async (context) => {
  const listening = [];
  for (const [name, change] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    const original = page[name].bind(page);
    context.mock.method(page, name, (type, listener) => {
      listening.push([type, change]);
      original(type, listener);
    });
    globalThis[name] = page[name];
  }
  const { client } = await connected();
  client.disconnect();
  const left = Object.groupBy(listening, ([type]) => type);
  for (const changes of Object.values(left)) assert.equal(changes.reduce((sum, [, change]) => sum + change, 0), 0);
  assert.deepEqual(Object.keys(left).sort(), ["online", "visibilitychange"]);
});
