/** Types of `websocket-client.js`, the client of the tilo.life real-time server. */

declare class TiloWebSocket {
  constructor(options?: TiloWebSocket.Options);

  /** Whether the server has welcomed this connection and it is open now. */
  readonly connected: boolean;

  /**
   * Connects, and stays connected until `disconnect()`. Throws a `TypeError` when that is no address to connect to.
   * @param url ws://, wss://, http://, https:// or a path of this page's server; without it the last one, at first `/ws`
   */
  connect(url?: string | URL): void;

  /** Ends the connection, or the attempts at one, for good: only `connect()` brings it back. What waits, waits on. */
  disconnect(): void;

  /** Calls the handler at each event of that type. Returns a function that ends it. */
  on<Type extends keyof TiloWebSocket.Events>(type: Type, handler: (data: TiloWebSocket.Events[Type]) => void): () => void;
  /** A server message that these types do not know yet: the whole message. */
  on<Type extends string>(type: TiloWebSocket.Other<Type>, handler: (message: any) => void): () => void;

  /** Ends what `on` began. */
  off<Type extends keyof TiloWebSocket.Events>(type: Type, handler: (data: TiloWebSocket.Events[Type]) => void): void;
  off<Type extends string>(type: TiloWebSocket.Other<Type>, handler: (message: any) => void): void;

  /**
   * Says something to everybody. The promise is fulfilled once it is stored, and rejected with a `TiloWebSocket.Refusal`
   * when the server refuses it for good or does not answer in time. Nobody has to look at it.
   */
  sendChat(nickname: string, message: string): Promise<TiloWebSocket.StoredChat>;

  /**
   * Reports a player's score, as often as it changes: the server keeps the best score and the best time. The promise is
   * fulfilled once this score or a better one is stored; else as that of `sendChat`.
   * @param score a whole number from 0
   * @param survivalTime seconds; fractions are cut off
   * @param nickname the name on the leaderboard, for a player who has none yet
   */
  updateScore(email: string, score: number, survivalTime: number, nickname?: string): Promise<void>;

  /** Asks for the active events; the answer is the event `global_events`. */
  getEvents(): void;

  /**
   * Asks for the best players; the answer is the event `leaderboard`.
   * @param limit 1 … 100; without it 10
   */
  getLeaderboard(limit?: number, options?: { watch?: boolean }): void;
}

declare namespace TiloWebSocket {
  interface Options {
    /** How often in a row a lost connection is tried again; without it 5. */
    maxRetries?: number;
    /** How many of the last chat messages, up to 100, come on the first connecting; without it none. */
    history?: number;
    /** Who plays, signed by the game's back end. */
    token?: string;
    /** Gives a fresh token for each connection instead. */
    getToken?: () => string | undefined | Promise<string | undefined>;
    /** How many messages and scores may wait for their answer; without it 100. */
    queueLimit?: number;
    /** Milliseconds that one waits before it is given up; without it 300,000. */
    queueAgeMs?: number;
    /** Keeps what waits in `localStorage` under this name, over a reload of the page. */
    storageKey?: string;
  }

  interface Chat {
    type: "chat";
    nickname: string;
    message: string;
    /** UTC, as YYYY-MM-DDTHH:MM:SS. */
    timestamp: string;
    /** Its number: higher than that of every message before it. */
    seq: number;
    /** Names it for good. */
    id: string;
    /** `timestamp`. */
    date: Date;
  }

  interface ChatDeleted {
    type: "chat_deleted";
    seq: number;
    id: string;
  }

  interface StoredChat {
    seq: number;
    id: string;
  }

  interface GlobalEvent {
    type: string;
    value: string;
    /** UTC, as YYYY-MM-DDTHH:MM:SS. */
    expires_at: string;
    id: string;
    /** `expires_at` on this computer's clock, also where that is wrong: count down to it. */
    expiresAt: Date;
  }

  interface LeaderboardEntry {
    rank: number;
    nickname: string;
    score: number;
    /** Seconds. */
    survival_time: number;
  }

  interface Leaderboard {
    type: "leaderboard";
    entries: LeaderboardEntry[];
    /** One's own entry in the answer to a player with a token; null without a score. */
    you?: LeaderboardEntry | null;
  }

  interface Limits {
    max_message_length: number;
    max_nickname_length: number;
    max_frame_bytes: number;
    chat_rate: number;
    chat_burst: number;
    command_rate: number;
    command_burst: number;
  }

  interface Welcome {
    type: "welcome";
    epoch: string;
    seq: number;
    /** Milliseconds since 1970. */
    server_time: number;
    player: { email: string; nickname: string | null } | null;
    messages: Omit<Chat, "date">[];
    recovered: boolean;
    deleted: number[];
    limits: Limits;
  }

  /** What a promise is rejected with. */
  interface Refusal extends Error {
    /** An error code of the server, or `given_up`, `queue_full`. */
    code: string;
    /** Seconds. */
    retryAfter?: number;
  }

  /** A type that is none of `Events`. */
  type Other<Type extends string> = Type extends keyof Events ? never : Type;

  /** What handlers get, by the type of the event. */
  interface Events {
    chat: Chat;
    chat_deleted: ChatDeleted;
    gap: { after: number };
    online_count: number;
    global_events: GlobalEvent[];
    leaderboard: Leaderboard;
    announcement: { type: "announcement"; message: string; timestamp: string };
    limits: { type: "limits"; limits: Limits };
    token_expiring: { type: "token_expiring"; seconds: number };
    open: undefined;
    welcome: Welcome;
    close: { code: number; reason: string; willReconnect: boolean };
    reconnecting: { attempt: number; maxRetries: number; delayMs: number };
    failed: { maxRetries: number };
    error: { code: string; message: string };
  }
}

export = TiloWebSocket;
export as namespace TiloWebSocket;
