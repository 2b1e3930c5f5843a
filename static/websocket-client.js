/**
 * Client of the tilo.life real-time server: chat, players online, global events and scores over one WebSocket.
 *
 * One file for every way of loading it:
 * - `<script src="/static/websocket-client.js"></script>`: then `TiloWebSocket` is a global;
 * - `import TiloWebSocket from "/static/websocket-client.mjs"` in a module of a page, or the global by
 *   `import "/static/websocket-client.js"` (a classic script cannot `export`);
 * - `import TiloWebSocket from "tilo-ws"` or `require("tilo-ws")` from its npm package;
 * - `const TiloWebSocket = require("./websocket-client.js")` in CommonJS;
 * - `import TiloWebSocket from "./websocket-client.js"` in Node and bundlers, which take the file as CommonJS
 *   (in a package with `"type": "module"`, import it for the global as in a browser, or name it `.cjs`).
 */
(() => {
  "use strict";

  const PING_INTERVAL_MS = 30_000;
  const PONG_TIMEOUT_MS = 10_000;
  const TOKEN_TIMEOUT_MS = 8_000; // a server that wants a token sends away for good who has shown none within 10 s
  const WELCOME_TIMEOUT_MS = 15_000;
  const SETTLED_AFTER_MS = 1_000;
  const RETRIES_MS = [[0, 2_000], [1_500, 3_000], [3_000, 6_000], [7_500, 15_000], [15_000, 30_000]];
  const MAX_DELAY_MS = 2 ** 31 - 1; // a longer timer ends at once
  const KNOWN_IDS = 2_000;
  const REFUSED_FRAMES = new Map([[1007, "invalid_message"], [1009, "message_too_long"]]);

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

  /** The window that the server gave for coming back, as [least, most] milliseconds, or undefined. */
  function serversWindow(reason) {
    return /^retry_ms=(\d+)-(\d+)$/.exec(reason)?.slice(1).map(Number);
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

  /** Commands with the same key are one: its newest form is what counts. */
  function keyOf({ type, id, email, watch }) {
    if (type === "chat") return id;
    if (type === "score_update") return `score ${String(email).trim().toLowerCase()}`;
    return watch === undefined ? type : `${type} watch`;
  }

  /** Whether something is lost with a command. Questions may be asked again. */
  const isWrite = ({ type }) => !type.startsWith("get_");

  /** One command in the place of two with the same key: of scores the best, field by field, else the newer one. */
  function merged(older, newer) {
    if (newer.type !== "score_update") return newer;
    return {
      ...newer,
      nickname: newer.nickname ?? older.nickname,
      score: Math.max(older.score, newer.score),
      survival_time: Math.max(older.survival_time, newer.survival_time),
    };
  }

  /** A time of the server (UTC, without a suffix). */
  const utc = (text) => new Date(`${text}Z`);

  /** Code points as the server counts them; a few less where it is stricter, so that it decides. */
  const lengthOf = (text) => [...text.replace(/[\p{C}\u034f\u2800\u3164]/gu, "").normalize("NFC").trim()].length;

  /** A limit of 0 is none, and before the first welcome there is none. */
  const isLonger = (text, limit) => Boolean(text && limit) && lengthOf(text) > limit;

  /** A command as the server reads it: halves of characters, as left by cutting a text, would make it no JSON. */
  const frameOf = (command) =>
    JSON.stringify(command, (_, value) => (typeof value === "string" ? value.replace(/\p{Cs}/gu, "\ufffd") : value));

  const bytesOf = (text) => new TextEncoder().encode(text).length;

  function failure({ code, message, retry_after: retryAfter }) {
    return Object.assign(new Error(message), { code }, retryAfter !== undefined && { retryAfter });
  }

  /** A timer that keeps no program alive. */
  function later(action, delayMs) {
    const timer = setTimeout(action, Math.min(delayMs, MAX_DELAY_MS));
    timer.unref?.();
    return timer;
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

  /** At most `burst` at once and `rate` a second; a rate of 0 is no limit. */
  class TokenBucket {
    #rate;
    #burst;
    #tokens;
    #at = Date.now();
    #pausedUntil = 0;

    constructor(rate, burst) {
      this.#rate = rate;
      this.#burst = this.#tokens = rate ? Math.max(1, burst) : Infinity;
    }

    /** Milliseconds until there is a token. */
    get waitMs() {
      const now = Date.now();
      this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) * this.#rate) / 1000);
      this.#at = now;
      const missing = Math.max(0, 1 - this.#tokens);
      return Math.max(this.#pausedUntil - now, missing && Math.ceil((missing * 1000) / this.#rate));
    }

    take() {
      this.#tokens -= 1;
    }

    pause(milliseconds) {
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + milliseconds);
    }
  }

  /** Commands by key, in order, each until it is answered; where there is a storage name, over a reload of the page too. */
  class Outbox {
    #entries = new Map();
    #limit;
    #ageMs;
    #storageKey;
    #onRefused;
    #lastRef = 0;

    constructor(limit, ageMs, storageKey, onRefused) {
      this.#limit = limit;
      this.#ageMs = ageMs;
      this.#storageKey = storageKey && `${storageKey}:`;
      this.#onRefused = onRefused;
      this.#load();
    }

    [Symbol.iterator]() {
      return this.#entries.values();
    }

    /** Takes a command in; one with the key of another joins it. Returns the entry, or null when there is no room. */
    add(command, at = Date.now()) {
      const key = keyOf(command);
      const older = this.#entries.get(key);
      if (!older && isWrite(command) && this.#isFull) return null;
      const entry = older ?? this.#enter(key);
      clearTimeout(entry.timer);
      this.#lastRef += 1;
      Object.assign(entry, {
        ref: this.#lastRef,
        command: older ? merged(older.command, command) : command,
        sent: false,
        until: at + this.#ageMs,
        timer: later(() => this.#giveUp(entry), at + this.#ageMs - Date.now()),
      });
      const item = JSON.stringify({ ...entry.command, at, order: entry.ref });
      this.#store(command, (storage, name) => storage.setItem(name + key, item));
      return entry;
    }

    find(ref) {
      return [...this].find((entry) => entry.ref === ref);
    }

    /** Takes an entry out: answered, or refused where there is an error. */
    settle(entry, error, answer) {
      clearTimeout(entry.timer);
      this.#entries.delete(entry.key);
      this.#store(entry.command, (storage, name) => storage.removeItem(name + entry.key));
      if (error) entry.reject(failure(error));
      else entry.resolve(answer);
    }

    /** Takes an entry out that the server has not answered. */
    refuse(entry, code, message) {
      this.settle(entry, { code, message });
      this.#onRefused({ code, message });
    }

    /** Gives up what is too old. Timers do that too, but they stand still while a computer sleeps. */
    expire() {
      for (const entry of this) if (entry.until <= Date.now()) this.#giveUp(entry);
    }

    /** What was sent and not answered is sent again. */
    unsend() {
      for (const entry of this) entry.sent = false;
    }

    get #isFull() {
      return [...this].filter(({ command }) => isWrite(command)).length >= this.#limit;
    }

    /** All who wait for one entry share its promise. Nobody has to look at it. */
    #enter(key) {
      const entry = { key };
      entry.stored = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      entry.stored.catch(() => {});
      this.#entries.set(key, entry);
      return entry;
    }

    #giveUp(entry) {
      if (!isWrite(entry.command)) this.settle(entry);
      else this.refuse(entry, "given_up", "The server did not answer in time: this is not sent any more.");
    }

    #store(command, action) {
      if (!this.#storageKey || !isWrite(command)) return;
      try {
        action(localStorage, this.#storageKey);
      } catch {
        // storage is full, or closed to this page: the command lasts as long as the page
      }
    }

    #load() {
      this.#store({ type: "" }, (storage, name) => {
        const keys = Object.keys(storage).filter((key) => key.startsWith(name));
        const items = keys.map((key) => ({ ...parse(storage.getItem(key)), key: key.slice(name.length) }));
        const stored = items.filter((item) => item.type && item.key === keyOf(item));
        stored.sort((first, second) => first.at - second.at || first.order - second.order);
        for (const { key, at, order, ...command } of stored) this.add(command, Math.min(at, Date.now()));
      });
    }
  }

  /** One socket with its timers. They end together, so that nothing of an old connection reaches a new one. */
  class Connection {
    #socket;
    #owner;
    #pingTimer;
    #deadline;
    #wasOpen = false;

    /** `owner` has the functions opened(), received(data) and closed({ code, reason, wasOpen }). */
    constructor(url, owner) {
      this.#owner = owner;
      this.#socket = new WebSocket(url);
      this.#expect(WELCOME_TIMEOUT_MS);
      this.#socket.onopen = () => {
        this.#wasOpen = true;
        this.#expect(TOKEN_TIMEOUT_MS);
        owner.opened(this);
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

    greet(hello) {
      this.send(hello);
      this.#expect(WELCOME_TIMEOUT_MS);
    }

    /** The server has answered: from now on it is asked whether it is there. */
    welcomed() {
      this.alive();
      this.#pingTimer = setInterval(() => this.ping(), PING_INTERVAL_MS);
      this.#pingTimer.unref?.();
    }

    /** After the welcome, whatever comes proves that the server is there. */
    alive() {
      clearTimeout(this.#deadline);
    }

    ping() {
      if (!this.isOpen) return;
      this.send({ type: "ping" });
      this.#expect(PONG_TIMEOUT_MS);
    }

    send(command) {
      this.#socket.send(frameOf(command));
    }

    /** Ends it; the owner hears nothing more. */
    leave() {
      this.#stopTimers();
      this.#socket.onmessage = this.#socket.onclose = null;
      // Closing a socket that is still connecting makes browsers print a warning: it is closed once it is open.
      this.#socket.onopen = () => this.#socket.close(1000);
      if (this.isOpen) this.#socket.close(1000);
    }

    /** Ends it; for the owner it is lost. */
    lose(reason) {
      this.leave();
      this.#owner.closed({ code: 1006, reason, wasOpen: this.#wasOpen });
    }

    #expect(timeoutMs) {
      clearTimeout(this.#deadline);
      this.#deadline = later(() => this.lose("no answer"), timeoutMs);
    }

    #stopTimers() {
      clearInterval(this.#pingTimer);
      clearTimeout(this.#deadline);
    }
  }

  /**
   * A game page's line to the server. It reconnects by itself; what is sent is kept until the server has stored it, and sent
   * again where the answer was lost; chat that was missed meanwhile comes in order, each message once.
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
   * - `chat`: `{ type, nickname, message, timestamp, seq, id, date }`, one's own messages included; `date` is a `Date`
   * - `chat_deleted`: `{ type, seq, id }`, a message that has to vanish
   * - `gap`: `{ after }`, when the server cannot give all chat after that number: before the messages that it has
   * - `online_count`: the number of players online
   * - `global_events`: the list of active events, `{ type, value, expires_at, id, expiresAt }` each; `expiresAt` is a `Date`
   *   on this computer's clock, also where that is wrong
   * - `leaderboard`: `{ type, entries }` with `{ rank, nickname, score, survival_time }` each; in the answer to a
   *   player with a token also `you`, one's own entry or null
   * - `open`: nothing; also after each reconnect
   * - `close`: `{ code, reason, willReconnect }` for each connection and each attempt that ends
   * - `reconnecting`: `{ attempt, maxRetries, delayMs }`, when the wait before an attempt begins
   * - `failed`: `{ maxRetries }`, when the last attempt failed; `connect()`, the network's or the player's return start anew
   * - `error`: `{ code, message }`, from the server (`invalid_field` …) or from the library (`connection_failed`,
   *   `queue_full`, `given_up`, `message_too_long`, `invalid_message`, `no_token`)
   * - any other type of server message (`announcement`, `pong` …): the whole message
   */
  class TiloWebSocket {
    #options;
    #handlers = new Map();
    #outbox;
    #chatBucket;
    #commandBucket;
    #limits = {};
    #flushTimer;
    #watched = null;
    #url = null;
    #connection = null;
    #welcomed = false;
    #helloAt = 0;
    #held = [];
    #epoch;
    #lastSeq;
    #seqs = new Map(); // id of a message that was told → its number, null of an older epoch, 0 once it is deleted
    #clockAheadMs = 0;
    #lastSentRef = 0;
    #token;
    #wanted = false;
    #idle = false;
    #retries = 0;
    #retryTimer;
    #settledTimer;

    /**
     * @param {object} [options]
     * @param {number} [options.maxRetries=5] how often in a row a lost connection is tried again: within 2 s, then
     *   after at most 3, 6, 15 and 30 s; counted anew once a connection has lasted a second
     * @param {number} [options.history=0] how many of the last chat messages (up to 100) come on the first connecting
     * @param {string} [options.token] who plays, signed by the game's back end
     * @param {() => string | Promise<string>} [options.getToken] gives a fresh token for each connection instead, within 8 s
     * @param {number} [options.queueLimit=100] how many messages and scores may wait for their answer
     * @param {number} [options.queueAgeMs=300000] how long one waits before it is given up
     * @param {string} [options.storageKey] keeps what waits in `localStorage` under this name, over a reload of the page
     */
    constructor({ maxRetries = 5, history = 0, token, getToken, queueLimit = 100, queueAgeMs = 300_000, storageKey } = {}) {
      this.#options = { maxRetries, history, getToken: getToken ?? (() => token) };
      this.#outbox = new Outbox(queueLimit, queueAgeMs, storageKey, (error) => this.#emitLater("error", error));
    }

    /** Whether the server has welcomed this connection and it is open now. */
    get connected() {
      return this.#welcomed && this.#connection.isOpen;
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
      globalThis.addEventListener?.("online", this.#pageIsBack);
      globalThis.document?.addEventListener("visibilitychange", this.#pageIsBack);
      this.#open();
    }

    /** Ends the connection, or the attempts at one, for good: only `connect()` brings it back. What waits, waits on. */
    disconnect() {
      this.#wanted = false;
      globalThis.removeEventListener?.("online", this.#pageIsBack);
      globalThis.document?.removeEventListener("visibilitychange", this.#pageIsBack);
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
     * Says something to everybody.
     * @param {string} nickname
     * @param {string} message
     * @returns {Promise<{ seq: number, id: string }>} resolved once it is stored; rejected, with the `code` of the event
     *   `error`, when the server refuses it for good or does not answer. Nobody has to look at it.
     * @throws {TypeError} when one is not a string
     */
    sendChat(nickname, message) {
      requireString("nickname", nickname);
      requireString("message", message);
      return this.#write({ type: "chat", nickname, message, id: uuid() });
    }

    /**
     * Reports a player's score, as often as it changes: the server keeps the best score and the best time.
     * @param {string} email who plays
     * @param {number} score a whole number from 0
     * @param {number} survivalTime seconds; fractions are cut off
     * @param {string} [nickname] the name on the leaderboard, for a player who has none yet
     * @returns {Promise<void>} resolved once this score or a better one is stored; else as that of `sendChat`
     * @throws {TypeError} when email or nickname is not a string, or score or survivalTime is no finite number (NaN, text)
     */
    updateScore(email, score, survivalTime, nickname) {
      requireString("email", email);
      requireNumber("score", score);
      requireNumber("survivalTime", survivalTime);
      requireString("nickname", nickname ?? "");
      return this.#write({ type: "score_update", email, score, survival_time: Math.floor(survivalTime), nickname });
    }

    /** Asks for the active events. They also come by themselves, on connecting and on every change. */
    getEvents() {
      this.#ask({ type: "get_events" });
    }

    /**
     * Asks for the best players; the answer is the event `leaderboard`.
     * @param {number} [limit] 1 … 100; without it 10
     * @param {object} [options]
     * @param {boolean} [options.watch] true: it comes again whenever it changes, also after a reconnect; false ends that
     */
    getLeaderboard(limit, { watch } = {}) {
      const command = { type: "get_leaderboard", limit, watch };
      if (watch !== undefined) this.#watched = watch ? command : null;
      this.#ask(command);
    }

    #open() {
      this.#idle = false;
      this.#connection = new Connection(this.#url, {
        opened: (connection) => this.#sayHello(connection),
        received: (data) => this.#received(data),
        closed: (end) => this.#closed(end),
      });
    }

    async #sayHello(connection) {
      let token;
      try {
        token = await this.#options.getToken();
      } catch (exception) {
        this.#failToken(connection, exception);
        if (connection === this.#connection) connection.lose("no token"); // the next attempt asks again
        return;
      }
      if (connection !== this.#connection || !connection.isOpen) return;
      this.#token = token;
      this.#helloAt = Date.now();
      const history = this.#options.history || undefined;
      connection.greet({ type: "hello", token, epoch: this.#epoch, after: this.#lastSeq, history });
    }

    #received(data) {
      if (this.#welcomed) this.#connection.alive();
      const message = parse(data);
      if (!message) {
        this.#emit("error", { code: "invalid_message", message: "The server sent something that is no message." });
      } else if (this.#welcomed || message.type === "error") {
        this.#tell(message);
      } else if (message.type === "welcome") {
        this.#welcome(message);
      } else {
        this.#held.push(message);
      }
    }

    /** Missed messages come before those that were held back, as the server counts on. */
    #welcome(welcome) {
      const { epoch, seq, server_time: serverTime, messages, recovered, deleted, limits } = welcome;
      const connection = this.#connection;
      const after = this.#lastSeq;
      const held = this.#held.splice(0);
      const gone = new Set(deleted);
      const deletions = [...this.#seqs].filter(([, number]) => gone.has(number));
      this.#clockAheadMs = (this.#helloAt + Date.now()) / 2 - serverTime;
      this.#limitTo(limits);
      this.#commandBucket = new TokenBucket(limits.command_rate, limits.command_burst - 1);
      this.#welcomed = true;
      connection.welcomed();
      this.#settledTimer = later(() => (this.#retries = 0), SETTLED_AFTER_MS);
      if (this.#watched) this.#outbox.add(this.#watched);
      this.#flush();
      const news = [
        () => this.#emit("open"),
        () => this.#emit("welcome", welcome),
        () => this.#countFrom(epoch, recovered),
        () => after !== undefined && !recovered && this.#emit("gap", { after }),
        ...deletions.map(([id, number]) => () => this.#delete({ type: "chat_deleted", seq: number, id })),
        ...messages.map((message) => () => this.#tell(message)),
        () => (this.#lastSeq = Math.max(this.#lastSeq ?? 0, seq)),
        ...held.map((message) => () => this.#tell(message)),
      ];
      // A handler may end this connection: then the rest is news no more, and the next hello asks for it.
      for (const tell of news) if (connection === this.#connection) tell();
    }

    #limitTo(limits) {
      this.#limits = limits;
      this.#chatBucket = new TokenBucket(limits.chat_rate, limits.chat_burst);
    }

    /** The last number stands where the server goes on from it, and those of another epoch mean nothing. */
    #countFrom(epoch, recovered) {
      if (!recovered) this.#lastSeq = undefined;
      if (epoch === this.#epoch) return;
      this.#epoch = epoch;
      for (const [id, number] of this.#seqs) if (number) this.#seqs.set(id, null);
    }

    #tell(message) {
      const connection = this.#connection;
      if (this.#answered(message)) return;
      if (message.type === "chat") this.#show(message);
      else if (message.type === "chat_deleted") this.#delete(message);
      else if (message.type === "online_count") this.#emit("online_count", message.count);
      else if (message.type === "global_events") this.#emit("global_events", message.events.map((event) => this.#onThisClock(event)));
      else this.#emit(message.type, message);
      if (message.type === "limits") {
        this.#limitTo(message.limits);
        this.#flush(); // what waits for an older limit
      }
      if (message.type === "token_expiring" && connection === this.#connection) this.#showToken(connection);
    }

    #show(chat) {
      const isKnown = this.#seqs.has(chat.id);
      if (this.#seqs.get(chat.id) !== 0) this.#seqs.set(chat.id, chat.seq);
      if (this.#seqs.size > KNOWN_IDS) this.#seqs.delete(this.#seqs.keys().next().value);
      this.#lastSeq = Math.max(this.#lastSeq ?? 0, chat.seq);
      if (!isKnown) this.#emit("chat", { ...chat, date: utc(chat.timestamp) });
    }

    #delete(deletion) {
      if (this.#seqs.get(deletion.id) === 0) return;
      if (this.#seqs.has(deletion.id)) this.#seqs.set(deletion.id, 0);
      this.#emit("chat_deleted", deletion);
    }

    #onThisClock(event) {
      return { ...event, expiresAt: new Date(utc(event.expires_at).getTime() + this.#clockAheadMs) };
    }

    /** The server warns again after each token that ends soon: one that was shown before is not shown again. */
    async #showToken(connection) {
      try {
        const token = await this.#options.getToken();
        if (!token || token === this.#token || connection !== this.#connection || !connection.isOpen) return;
        this.#token = token;
        connection.send({ type: "auth", token });
      } catch (exception) {
        this.#failToken(connection, exception);
      }
    }

    #failToken(connection, exception) {
      if (connection === this.#connection) this.#emit("error", { code: "no_token", message: String(exception) });
    }

    /** Returns whether the page need not hear of it: what may be sent again is, an ack has its promise. */
    #answered(message) {
      const { type, ref, seq, id } = message;
      const isError = type === "error";
      const entry = this.#outbox.find(ref);
      if (isError && message.retry_after !== undefined) {
        if (entry) this.#postpone(entry, message.retry_after * 1000);
        return true;
      }
      if (entry) this.#outbox.settle(entry, isError ? message : null, type === "ack" && id ? { seq, id } : undefined);
      return type === "ack";
    }

    /** Chat that has to wait holds up chat alone: its limit is the narrower one. */
    #postpone(entry, delayMs) {
      entry.sent = false;
      this.#bucketsFor(entry.command)[0].pause(delayMs);
      this.#flush();
    }

    #closed({ code, reason, wasOpen }) {
      const refusal = REFUSED_FRAMES.get(code);
      const refused = refusal && this.#outbox.find(this.#lastSentRef);
      if (refused) this.#outbox.refuse(refused, refusal, `The server refused it: ${reason}`);
      this.#forgetConnection();
      if (staysAway(code)) this.#wanted = false;
      if (!wasOpen) this.#emit("error", { code: "connection_failed", message: `No connection to ${this.#url}.` });
      const window = serversWindow(reason);
      const { maxRetries } = this.#options;
      const willReconnect = this.#wanted && maxRetries > 0 && (Boolean(window) || this.#retries < maxRetries);
      this.#emit("close", { code, reason, willReconnect });
      if (!this.#wanted || this.#connection) return; // so the server said, or a handler that just ran
      if (willReconnect) this.#retry(window);
      else this.#fail();
    }

    #retry(window) {
      const { maxRetries } = this.#options;
      const attempt = this.#retries + 1;
      const [least, most] = window ?? RETRIES_MS[Math.min(attempt, RETRIES_MS.length) - 1];
      if (!window) this.#retries = attempt;
      const delayMs = least + Math.random() * (most - least);
      this.#retryTimer = setTimeout(() => this.#attempt(), delayMs); // keeps a program alive, as the connection did
      this.#emit("reconnecting", { attempt, maxRetries, delayMs });
    }

    /** A page that is offline or hidden waits until it is back. */
    #attempt() {
      this.#idle = globalThis.navigator?.onLine === false || globalThis.document?.hidden === true;
      if (!this.#idle) this.#open();
    }

    #fail() {
      this.#idle = true;
      this.#emit("failed", { maxRetries: this.#options.maxRetries });
    }

    #pageIsBack = () => {
      if (globalThis.document?.hidden) return;
      if (this.#wanted && this.#idle) {
        if (this.#retries >= this.#options.maxRetries) this.#retries = 0;
        this.#attempt();
      } else if (this.connected) {
        this.#connection.ping();
      }
    };

    #leave() {
      clearTimeout(this.#retryTimer);
      this.#idle = false;
      if (!this.#connection) return;
      this.#connection.leave();
      this.#forgetConnection();
      this.#emitLater("close", { code: 1000, reason: "", willReconnect: false });
    }

    #forgetConnection() {
      this.#connection = null;
      this.#welcomed = false;
      this.#held = [];
      this.#lastSentRef = 0;
      this.#outbox.unsend();
      clearTimeout(this.#flushTimer);
      clearTimeout(this.#settledTimer);
    }

    #write(command) {
      const { max_message_length: longestMessage, max_nickname_length: longestName } = this.#limits;
      if (isLonger(command.nickname, longestName)) {
        return this.#refuse("invalid_field", `nickname: at most ${longestName} characters`);
      }
      if (isLonger(command.message, longestMessage)) {
        return this.#refuse("message_too_long", `message: at most ${longestMessage} characters`);
      }
      const entry = this.#outbox.add(command);
      if (!entry) return this.#refuse("queue_full", "Too much waits for its answer: this is not sent.");
      this.#flush();
      return entry.stored;
    }

    #ask(command) {
      this.#outbox.add(command);
      this.#flush();
    }

    #refuse(code, message) {
      const error = { code, message };
      const refused = Promise.reject(failure(error));
      refused.catch(() => this.#emit("error", error));
      return refused;
    }

    #bucketsFor({ type }) {
      return type === "chat" ? [this.#chatBucket, this.#commandBucket] : [this.#commandBucket];
    }

    /** Sends what is unsent, in order, as fast as the server takes it. */
    #flush() {
      clearTimeout(this.#flushTimer);
      if (!this.connected) return;
      this.#outbox.expire();
      const dry = new Set();
      for (const entry of this.#outbox) {
        if (entry.sent) continue;
        const buckets = this.#bucketsFor(entry.command);
        for (const bucket of buckets) if (bucket.waitMs > 0) dry.add(bucket);
        if (!buckets.some((bucket) => dry.has(bucket))) this.#send(entry, buckets);
      }
      if (dry.size) this.#flushTimer = later(() => this.#flush(), Math.min(...[...dry].map(({ waitMs }) => waitMs)));
    }

    #send(entry, buckets) {
      const command = { ...entry.command, ref: entry.ref };
      const { max_frame_bytes: most } = this.#limits;
      if (most && bytesOf(frameOf(command)) > most) {
        this.#outbox.refuse(entry, "message_too_long", `At most ${most} bytes.`);
        return;
      }
      for (const bucket of buckets) bucket.take();
      entry.sent = true;
      this.#lastSentRef = entry.ref;
      this.#connection.send(command);
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
