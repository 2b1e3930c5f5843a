/** The live feed: one WebSocket that comes back by itself and knows how fresh its last frame is. */
const RETRY_LIMIT_MS = 10_000;
const STALE_MS = 3_000; // a frame comes every second
const DEAD_MS = 15_000; // open, but silent for so long: half a connection, to be replaced
const SESSION_ENDED = 4401;

/** Why a handshake failed is hidden from pages; the login form, which sends on whoever is logged in, tells. */
async function isLoggedOut() {
  try {
    return (await fetch("/admin/login", { redirect: "manual" })).ok;
  } catch (error) {
    if (error instanceof TypeError) return false; // no answer: the server is away, not the login
    throw error;
  }
}

export class Feed {
  /**
   * @param {{url: string, onFrame: (frame: object) => void, onCut: () => void, onSessionEnd: () => void}} options
   */
  constructor({ url, onFrame, onCut, onSessionEnd }) {
    this.url = url;
    this.onFrame = onFrame;
    this.onCut = onCut;
    this.onSessionEnd = onSessionEnd;
    this.failures = 0;
    this.lastFrameAt = null;
  }

  open() {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.openedAt = performance.now();
    this.wasRefused = true;
    socket.addEventListener("open", () => (this.wasRefused = false));
    socket.addEventListener("message", (message) => {
      if (socket === this.socket) this.#receive(message);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.socket) this.#closed(event);
    });
  }

  /** Listens at another address from now on. */
  reopen(url) {
    this.url = url;
    const old = this.socket;
    this.open();
    // Closing a socket that is not open yet would be reported as a fault.
    if (old?.readyState === WebSocket.CONNECTING) old.addEventListener("open", () => old.close());
    else old?.close();
  }

  /** The state to show: `connecting`, `live`, `stale` with its age in seconds, or `reconnecting`. */
  state() {
    if (!this.socket) return { name: "reconnecting" };
    if (this.lastFrameAt === null) return { name: "connecting" };
    if (this.socket.readyState !== WebSocket.OPEN) return { name: "reconnecting" };
    const age = performance.now() - this.lastFrameAt;
    return age < STALE_MS ? { name: "live" } : { name: "stale", seconds: Math.floor(age / 1000) };
  }

  /** To be called now and then: replaces a socket that is open and says nothing. */
  check() {
    if (!this.socket) return;
    const silence = performance.now() - Math.max(this.openedAt, this.lastFrameAt ?? 0);
    if (silence < DEAD_MS) return;
    const { socket } = this;
    this.socket = null; // its own close event may take minutes and must not count again
    socket.close();
    this.onCut();
    this.#retry();
  }

  #receive(message) {
    this.failures = 0;
    this.lastFrameAt = performance.now();
    this.onFrame(JSON.parse(message.data));
  }

  async #closed(event) {
    this.socket = null;
    this.onCut();
    const hasEnded = event.code === SESSION_ENDED || (this.wasRefused && (await isLoggedOut()));
    if (hasEnded) this.onSessionEnd();
    else this.#retry();
  }

  #retry() {
    const delay = Math.min(1000 * 2 ** this.failures, RETRY_LIMIT_MS);
    this.failures += 1;
    setTimeout(() => {
      if (!this.socket) this.open();
    }, delay);
  }
}
