/**
 * Client of the tilo.life real-time server: chat, players online, global events and scores over one WebSocket.
 *
 * One file for every way of loading it:
 * - `<script src="/static/websocket-client.js"></script>`: then `TiloWebSocket` is a global;
 * - `import "/static/websocket-client.js"` in a browser module: the same global (a classic script cannot `export`);
 * - `const TiloWebSocket = require("./websocket-client.js")` in CommonJS;
 * - `import TiloWebSocket from "./websocket-client.js"` in Node and bundlers, which take the file as CommonJS
 *   (in a package with `"type": "module"`, import it for the global as in a browser, or name it `.cjs`).
 */
(() => {
  "use strict";

  const PING_INTERVAL_MS = 30_000;
  const SETTLED_AFTER_MS = 1_000;
  const FIRST_RETRY_MS = 2_000;
  const LATER_RETRIES_MS = [3_000, 6_000, 15_000, 30_000];
  const QUEUE_LIMIT = 100;
  // The server's usual chat limits are 10 messages at once and 2 a second: faster than this, a long queue is refused.
  const FLUSH_BURST = 10;
  const FLUSH_PAUSE_MS = 600;

  /** What the handlers of a server message get, where it is not the whole message. */
  const PAYLOADS = new Map([
    ["online_count", (message) => message.count],
    ["global_events", (message) => message.events],
  ]);

  /** Any address a page may write → the address of a WebSocket. */
  function socketUrl(address) {
    let url;
    try {
      url = new URL(address, globalThis.location?.href);
    } catch {
      url = null; // nothing to resolve it against, or no address at all
    }
    if (!url || !/^(ws|http)s?:$/.test(url.protocol)) {
      throw new TypeError(`cannot connect to "${address}": give a ws:// or wss:// address, or a path on a web page`);
    }
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = ""; // a WebSocket address must not carry one
    return url.href;
  }

  /** The wait before retry 1, 2, …: the first soon but spread, so that a restarted server is not met by all at once. */
  function retryDelayMs(attempt) {
    if (attempt === 1) return Math.random() * FIRST_RETRY_MS;
    const longest = LATER_RETRIES_MS[Math.min(attempt - 2, LATER_RETRIES_MS.length - 1)];
    return (0.5 + Math.random() / 2) * longest;
  }

  /** Whether the server asks the client not to come back: invalid token, banned, kicked … */
  function staysAway(closeCode) {
    return closeCode >= 4500 && closeCode <= 4999;
  }

  /** A random UUID, also on plain http:// pages, where browsers hide `crypto.randomUUID`. */
  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4, RFC 9562 section 5.4
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  /** The server message in a frame, or null when there is none. */
  function parse(data) {
    try {
      const message = JSON.parse(data);
      return typeof message?.type === "string" ? message : null;
    } catch {
      return null;
    }
  }

  /** What is left of two waiting commands with the same key: of scores the best, field by field, else the newer one. */
  function merged(older, newer) {
    if (newer.type !== "score_update") return newer;
    return {
      ...newer,
      nickname: newer.nickname ?? older.nickname,
      score: Math.max(older.score, newer.score),
      survival_time: Math.max(older.survival_time, newer.survival_time),
    };
  }

  function requireString(name, value) {
    if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${String(value)}`);
  }

  function requireNumber(name, value) {
    if (!Number.isFinite(value)) throw new TypeError(`${name} must be a finite number, not ${String(value)}`);
  }

  /** Shows a handler's exception where the page looks for its errors, without interrupting the library. */
  function report(exception) {
    (globalThis.reportError ?? console.error)(exception);
  }

  /** Commands that wait for a connection, in order and bounded; one with the key of a waiting one joins it. */
  class Outbox {
    #commands = new Map();

    get size() {
      return this.#commands.size;
    }

    /** Returns false when there is no room. */
    add(key, command) {
      const older = this.#commands.get(key);
      if (!older && this.#commands.size >= QUEUE_LIMIT) return false;
      this.#commands.set(key, older ? merged(older, command) : command);
      return true;
    }

    /** Removes and returns the first ones. */
    take(count) {
      const first = [...this.#commands].slice(0, count);
      for (const [key] of first) this.#commands.delete(key);
      return first.map(([, command]) => command);
    }
  }

  /** One socket with its timers. They end together, so that nothing of an old connection reaches a new one. */
  class Connection {
    #socket;
    #pingTimer;
    #settledTimer;
    #wasOpen = false;

    /** `owner` has the functions opened(), settled(), received(data) and closed({ code, reason, wasOpen }). */
    constructor(url, owner) {
      this.#socket = new WebSocket(url);
      this.#socket.onopen = () => {
        this.#wasOpen = true;
        this.#pingTimer = setInterval(() => this.send({ type: "ping" }), PING_INTERVAL_MS);
        this.#settledTimer = setTimeout(() => owner.settled(), SETTLED_AFTER_MS);
        owner.opened();
      };
      this.#socket.onmessage = ({ data }) => owner.received(data);
      this.#socket.onclose = ({ code, reason }) => {
        this.#stopTimers();
        owner.closed({ code, reason, wasOpen: this.#wasOpen });
      };
    }

    get isOpen() {
      return this.#socket.readyState === WebSocket.OPEN;
    }

    send(command) {
      this.#socket.send(JSON.stringify(command));
    }

    /** Ends it; the owner hears nothing more. */
    leave() {
      this.#stopTimers();
      this.#socket.onmessage = this.#socket.onclose = null;
      // Closing a socket that is still connecting makes browsers print a warning: it is closed once it is open.
      this.#socket.onopen = () => this.#socket.close(1000);
      if (this.isOpen) this.#socket.close(1000);
    }

    #stopTimers() {
      clearInterval(this.#pingTimer);
      clearTimeout(this.#settledTimer);
    }
  }

  /**
   * A game page's line to the server. It reconnects by itself, and what is sent meanwhile waits (up to 100 messages).
   *
   * ```js
   * const ws = new TiloWebSocket();
   * ws.on("chat", ({ nickname, message }) => console.log(`${nickname}: ${message}`));
   * ws.on("online_count", (count) => console.log(`${count} online`));
   * ws.connect();
   * ws.sendChat("Tilo", "Hello!");
   * ```
   *
   * Events and what their handlers get:
   * - `chat`: `{ type, nickname, message, timestamp, seq, id }`, one's own messages included
   * - `online_count`: the number of players online
   * - `global_events`: the list of active events, `{ type, value, expires_at, id }` each
   * - `leaderboard`: `{ type, entries }` with `{ rank, nickname, score, survival_time }` each
   * - `open`: nothing; also after each reconnect
   * - `close`: `{ code, reason, willReconnect }` for each connection and each attempt that ends
   * - `reconnecting`: `{ attempt, maxRetries, delayMs }`, when the wait before an attempt begins
   * - `failed`: `{ maxRetries }`, when the last attempt failed; `connect()` starts anew
   * - `error`: `{ code, message }`, from the server (`invalid_field`, `rate_limited` …, with `retry_after` seconds if
   *   it can be sent again) or from the library (`connection_failed`, `queue_full`, `invalid_message`)
   * - any other type of server message (`announcement`, `chat_deleted`, `pong` …): the whole message
   */
  class TiloWebSocket {
    #maxRetries;
    #handlers = new Map();
    #outbox = new Outbox();
    #flushTimer;
    #url = null;
    #connection = null;
    #wanted = false;
    #retries = 0;
    #retryTimer;

    /**
     * @param {object} [options]
     * @param {number} [options.maxRetries=5] how often in a row a lost connection is tried again: within 2 s, then
     *   after at most 3, 6, 15 and 30 s; counted anew once a connection has lasted a second
     */
    constructor({ maxRetries = 5 } = {}) {
      this.#maxRetries = maxRetries;
    }

    /** Whether the connection is open now. */
    get connected() {
      return this.#connection?.isOpen ?? false;
    }

    /**
     * Connects, and stays connected until `disconnect()`. Already connected or connecting to that address: nothing
     * happens. While waiting for a retry: tries at once. With another address: the connection moves there.
     * @param {string | URL} [url] ws://, wss://, http://, https:// or a path of this page's server; without it the last
     *   one, at first `/ws`
     * @throws {TypeError} when that is no address to connect to
     */
    connect(url) {
      const target = socketUrl(url ?? this.#url ?? "/ws");
      if (this.#connection && target === this.#url) return;
      this.#leave();
      this.#url = target;
      this.#wanted = true;
      this.#retries = 0;
      this.#open();
    }

    /** Ends the connection, or the attempts at one, for good: only `connect()` brings it back. */
    disconnect() {
      this.#wanted = false;
      this.#leave();
    }

    /**
     * Calls the handler at each event of that type. A handler that throws does not keep others from being called.
     * @param {string} type
     * @param {(data: any) => void} handler
     * @returns {() => void} unsubscribes
     */
    on(type, handler) {
      if (typeof handler !== "function") throw new TypeError(`the handler of "${type}" must be a function`);
      if (!this.#handlers.has(type)) this.#handlers.set(type, new Set());
      this.#handlers.get(type).add(handler);
      return () => this.off(type, handler);
    }

    /**
     * Ends what `on` began.
     * @param {string} type
     * @param {(data: any) => void} handler
     */
    off(type, handler) {
      this.#handlers.get(type)?.delete(handler);
    }

    /**
     * Says something to everybody. What the server does not take (blank, too long, too fast) comes back as `error`.
     * @param {string} nickname
     * @param {string} message
     * @throws {TypeError} when one is not a string
     */
    sendChat(nickname, message) {
      requireString("nickname", nickname);
      requireString("message", message);
      const id = uuid();
      this.#submit(id, { type: "chat", nickname, message, id });
    }

    /**
     * Reports a player's score, as often as it changes: the server keeps the best score and the best time.
     * @param {string} email who plays
     * @param {number} score a whole number from 0
     * @param {number} survivalTime seconds; fractions are cut off
     * @param {string} [nickname] the name on the leaderboard, for a player who has none yet
     * @throws {TypeError} when email is not a string, or score or survivalTime is no finite number (NaN, text)
     */
    updateScore(email, score, survivalTime, nickname) {
      requireString("email", email);
      requireNumber("score", score);
      requireNumber("survivalTime", survivalTime);
      const command = { type: "score_update", email, score, survival_time: Math.floor(survivalTime), nickname };
      this.#submit(`score ${email.trim().toLowerCase()}`, command);
    }

    /** Asks for the active events. They also come by themselves, on connecting and on every change. */
    getEvents() {
      this.#submit("get_events", { type: "get_events" });
    }

    /**
     * Asks for the best players; the answer is the event `leaderboard`.
     * @param {number} [limit] 1 … 100; without it 10
     */
    getLeaderboard(limit) {
      this.#submit("get_leaderboard", { type: "get_leaderboard", limit });
    }

    #open() {
      this.#connection = new Connection(this.#url, {
        opened: () => this.#opened(),
        settled: () => {
          this.#retries = 0;
        },
        received: (data) => this.#received(data),
        closed: (end) => this.#closed(end),
      });
    }

    #opened() {
      this.#flush(FLUSH_BURST);
      this.#emit("open");
    }

    #received(data) {
      const message = parse(data);
      if (!message) {
        this.#emit("error", { code: "invalid_message", message: "The server sent something that is no message." });
        return;
      }
      const payload = PAYLOADS.get(message.type);
      this.#emit(message.type, payload ? payload(message) : message);
    }

    #closed({ code, reason, wasOpen }) {
      this.#connection = null;
      clearTimeout(this.#flushTimer);
      this.#wanted = !staysAway(code);
      const willReconnect = this.#wanted && this.#retries < this.#maxRetries;
      if (!wasOpen) this.#emit("error", { code: "connection_failed", message: `No connection to ${this.#url}.` });
      this.#emit("close", { code, reason, willReconnect });
      if (!this.#wanted || this.#connection) return; // so the server said, or a handler that just ran
      if (willReconnect) this.#retry();
      else this.#emit("failed", { maxRetries: this.#maxRetries });
    }

    #retry() {
      this.#retries += 1;
      const delayMs = retryDelayMs(this.#retries);
      this.#retryTimer = setTimeout(() => this.#open(), delayMs);
      this.#emit("reconnecting", { attempt: this.#retries, maxRetries: this.#maxRetries, delayMs });
    }

    #leave() {
      clearTimeout(this.#retryTimer);
      clearTimeout(this.#flushTimer);
      if (!this.#connection) return;
      this.#connection.leave();
      this.#connection = null;
      this.#emitLater("close", { code: 1000, reason: "", willReconnect: false });
    }

    /** Sends at once where nothing is in the way, else later, in order. */
    #submit(key, command) {
      if (this.connected && this.#outbox.size === 0) {
        this.#connection.send(command);
      } else if (!this.#outbox.add(key, command)) {
        const message = `${QUEUE_LIMIT} messages wait for the connection: this one is not sent.`;
        this.#emitLater("error", { code: "queue_full", message });
      }
    }

    #flush(count) {
      if (!this.connected) return; // it is closing: what waits stays for the next one
      for (const command of this.#outbox.take(count)) this.#connection.send(command);
      if (this.#outbox.size > 0) this.#flushTimer = setTimeout(() => this.#flush(1), FLUSH_PAUSE_MS);
    }

    #emit(type, data) {
      for (const handler of [...(this.#handlers.get(type) ?? [])]) {
        try {
          handler(data);
        } catch (exception) {
          report(exception);
        }
      }
    }

    /** For what happens inside a call of the page: its handlers run after the call has returned, as a browser's do. */
    #emitLater(type, data) {
      queueMicrotask(() => this.#emit(type, data));
    }
  }

  globalThis.TiloWebSocket = TiloWebSocket;
  if (typeof module === "object") module.exports = TiloWebSocket;
})();
