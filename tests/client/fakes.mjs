/** A WebSocket that the test plays the server of, and the joint arrangement of the client's tests. */
import { mock } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";

export const URL_OF_SERVER = "ws://game.test/ws";

export class FakeSocket {
  static OPEN = 1;
  static made = [];
  readyState = 0;
  sent = [];
  closedWith = null;

  constructor(url) {
    this.url = url;
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code;
    this.readyState = 2;
  }

  opens() {
    this.readyState = 1;
    this.onopen?.({});
  }

  receives(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  ends(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** Call it before each test: fake sockets, a clock that stands still, and chance that always says `random`. */
export function arrange({ random = 0.5 } = {}) {
  mock.reset();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(Math, "random", () => random);
  FakeSocket.made = [];
  globalThis.WebSocket = FakeSocket;
}

export const lastSocket = () => FakeSocket.made.at(-1);

/** Lets time pass in steps, because the mocked clock starts a timer that another one sets only where the step ends. */
export function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 100) mock.timers.tick(Math.min(left, 100));
}

/** Lets the events run that the library emits after a call has returned. */
export const afterTheCall = () => Promise.resolve();

/** A client on the way to its server; `events` is what it told the page, as [type, data]. */
export function connecting(options) {
  const client = new TiloWebSocket(options);
  const events = [];
  for (const type of ["open", "close", "reconnecting", "failed", "error"]) {
    client.on(type, (data) => events.push([type, data]));
  }
  client.connect(URL_OF_SERVER);
  return { client, events, heard: (type) => events.filter(([name]) => name === type).map(([, data]) => data) };
}

export function connected(options) {
  const joined = connecting(options);
  lastSocket().opens();
  return joined;
}
