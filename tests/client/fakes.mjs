/** A WebSocket that the test plays the server of, and the joint arrangement of the client's tests. */
import { mock } from "node:test";

import TiloWebSocket from "../../static/websocket-client.js";

export const NOW = Date.UTC(2030, 0, 1);

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

  /** What was sent but for hello and pings. */
  get commands() {
    return this.sent.filter(({ type }) => type !== "hello" && type !== "ping");
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
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: NOW });
  mock.method(Math, "random", () => random);
  FakeSocket.made = [];
  globalThis.WebSocket = FakeSocket;
}

export const lastSocket = () => FakeSocket.made.at(-1);

/** Lets time pass in steps, because the mocked clock starts a timer that another one sets only where the step ends. */
export function pass(milliseconds) {
  for (let left = milliseconds; left > 0; left -= 100) mock.timers.tick(Math.min(left, 100));
}

/** Lets run what waits for a promise: the library's hello, and the events that it emits after a call has returned. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A client on the way to its server; `events` is what it told the page, as [type, data]. */
export function connecting(options) {
  const client = new TiloWebSocket(options);
  const events = [];
  for (const type of ["open", "close", "reconnecting", "failed", "error", "gap", "chat", "chat_deleted"]) {
    client.on(type, (data) => events.push([type, data]));
  }
  client.connect(URL_OF_SERVER);
  return { client, events, heard: (type) => events.filter(([name]) => name === type).map(([, data]) => data) };
}

export const LIMITS = {
  max_message_length: 500,
  max_nickname_length: 32,
  max_frame_bytes: 16384,
  chat_rate: 2,
  chat_burst: 10,
  command_rate: 20,
  command_burst: 60,
};

/** Opens the last socket and answers its hello. */
export async function welcomed(fields) {
  lastSocket().opens();
  await settle();
  lastSocket().receives({
    type: "welcome",
    epoch: "an epoch",
    seq: 0,
    server_time: Date.now(),
    player: null,
    messages: [],
    recovered: true,
    deleted: [],
    limits: LIMITS,
    ...fields,
  });
}

export async function connected(options, welcome) {
  const joined = connecting(options);
  await welcomed(welcome);
  return joined;
}

/** The server's answer to the command that was sent last, or to that one. */
export function answers(fields, command = lastSocket().commands.at(-1)) {
  lastSocket().receives({ type: "ack", ref: command.ref, ...fields });
}

export const chatOf = (seq, id = `id ${seq}`) => ({
  type: "chat",
  nickname: "Tilo",
  message: `message ${seq}`,
  timestamp: "2030-01-01T00:00:00",
  seq,
  id,
});
