/** Which addresses connect() takes, and where they lead. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";
import { FakeSocket, URL_OF_SERVER, arrange, connected, lastSocket } from "./fakes.mjs";

beforeEach(() => arrange());

/** Where connect(address) leads on a page of that address. */
function targetOn(page, ...address) {
  Object.defineProperty(globalThis, "location", { value: page && { href: page }, configurable: true });
  try {
    new TiloWebSocket().connect(...address);
    return lastSocket().url;
  } finally {
    delete globalThis.location;
  }
}

for (const [page, address, target] of [
  ["http://game.test:8765/play?x#top", undefined, "ws://game.test:8765/ws"],
  ["https://game.test/play", undefined, "wss://game.test/ws"],
  ["https://game.test/play/", "/live", "wss://game.test/live"],
  ["https://game.test/", "wss://elsewhere.test/ws", "wss://elsewhere.test/ws"],
  [undefined, "http://game.test:8765/ws", "ws://game.test:8765/ws"],
  [undefined, "https://game.test/ws?x=1#part", "wss://game.test/ws?x=1"],
  [undefined, "ws://localhost:8765", "ws://localhost:8765/"],
  [undefined, new URL("wss://game.test/ws"), "wss://game.test/ws"],
]) {
  test(`connect(${address ?? ""}) on ${page ?? "no page"} leads to ${target}`, () => {
    assert.equal(address === undefined ? targetOn(page) : targetOn(page, address), target);
  });
}

for (const [page, address] of [
  [undefined, undefined],
  [undefined, "/ws"],
  [undefined, "localhost:8765"],
  [undefined, "ws://"],
  ["file:///game/index.html", undefined],
  ["https://game.test/", "ftp://game.test/ws"],
]) {
  test(`connect(${address ?? ""}) on ${page ?? "no page"} throws a TypeError that names the address`, () => {
    const name = `"${address ?? "/ws"}"`;
    assert.throws(() => targetOn(page, address), (error) => error instanceof TypeError && error.message.includes(name));
    assert.equal(FakeSocket.made.length, 0);
  });
}

test("an address that cannot be read leaves the connection as it is", async () => {
  const { client } = await connected();
  assert.throws(() => client.connect("nonsense:"), TypeError);
  assert.equal(client.connected, true);
});

test("what the browser itself refuses is thrown by connect()", () => {
  const refusal = new DOMException("mixed content", "SecurityError");
  globalThis.WebSocket = mock.fn(function refuse() {
    throw refusal;
  });
  assert.throws(() => new TiloWebSocket().connect(URL_OF_SERVER), refusal);
});
