/** The ways in which a page or a program gets hold of the library. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import vm from "node:vm";

const FILE = new URL("../../static/websocket-client.js", import.meta.url);
const source = readFileSync(FILE, "utf8");

test("a classic script gets one new global, TiloWebSocket", () => {
  const page = vm.createContext({});

  vm.runInContext(source, page);

  assert.deepEqual(Object.keys(page), ["TiloWebSocket"]);
  assert.equal(vm.runInContext("new TiloWebSocket().connected", page), false);
  assert.throws(() => vm.runInContext("Outbox", page), /Outbox is not defined/);
});

test("an element with the id `module` does not disturb a classic script", () => {
  const page = vm.createContext({ module: {} });
  vm.runInContext(source, page);
  assert.equal(vm.runInContext("typeof TiloWebSocket", page), "function");
});

test("require gives the class", () => {
  const TiloWebSocket = createRequire(import.meta.url)(FILE.pathname);
  assert.equal(new TiloWebSocket().connected, false);
});

test("import gives the class as default in Node", async () => {
  const { default: TiloWebSocket } = await import(FILE);
  assert.equal(new TiloWebSocket().connected, false);
});

test("an ES module that is imported for its effect sets the global", async () => {
  delete globalThis.TiloWebSocket;
  await import(`data:text/javascript,${encodeURIComponent(source)}`);
  assert.equal(new globalThis.TiloWebSocket().connected, false);
});
