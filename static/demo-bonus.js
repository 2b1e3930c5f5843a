/** The score multiplier: which one is active now, and the banner with its countdown ring. */

const TICK_MS = 250;
const RING_LENGTH = 2 * Math.PI * 21; // the circle in demo.html has the radius 21

const multiplierOf = ({ id, value, expiresAt }) => ({ id, factor: Number(value), endsAt: expiresAt.getTime() });

/** The strongest of the multipliers that have not ended, or null. */
export function strongest(multipliers, now) {
  const active = multipliers.filter((multiplier) => multiplier.endsAt > now);
  return active.reduce((best, multiplier) => (best && best.factor >= multiplier.factor ? best : multiplier), null);
}

export const inWords = (factor) => `×${factor.toLocaleString("en", { maximumFractionDigits: 2 })}`;

/** Minutes and seconds, hours where there are any. */
export function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export class Bonus {
  /** `onStart(text)` is called when a multiplier begins. */
  constructor({ byId, onStart }) {
    this.byId = byId;
    this.onStart = onStart;
    this.multipliers = [];
    this.firstSeen = new Map(); // id → when: a full ring is the time it had left then
    this.shown = null;
    setInterval(() => this.#show(), TICK_MS);
  }

  get factor() {
    return strongest(this.multipliers, Date.now())?.factor ?? 1;
  }

  take(events) {
    this.multipliers = events
      .filter((event) => event.type === "score_multiplier")
      .map(multiplierOf)
      .filter(({ factor }) => Number.isFinite(factor) && factor > 0);
    const now = Date.now();
    this.firstSeen = new Map(this.multipliers.map(({ id }) => [id, this.firstSeen.get(id) ?? now]));
    this.#show();
  }

  #show() {
    const active = strongest(this.multipliers, Date.now());
    if (active) this.#showCountdown(active);
    const text = active ? inWords(active.factor) : "";
    if (text === this.shown) return;
    this.shown = text;
    this.byId("bonus").dataset.active = String(Boolean(active));
    this.byId("arena").dataset.bonus = String(Boolean(active));
    this.byId("bonus-factor").textContent = text || "×1";
    this.byId("score-factor").textContent = text;
    this.byId("bonus-title").textContent = active ? `${text} on every shard` : "No bonus right now";
    this.byId("bonus-hint").hidden = Boolean(active);
    this.byId("bonus-left").hidden = !active;
    if (active) this.onStart(text);
  }

  #showCountdown({ id, endsAt }) {
    const left = Math.max(0, endsAt - Date.now());
    const whole = Math.max(1, endsAt - this.firstSeen.get(id));
    this.byId("bonus-ring").style.strokeDashoffset = String(RING_LENGTH * (1 - Math.min(1, left / whole)));
    this.byId("bonus-clock").textContent = clock(Math.ceil(left / 1000));
  }
}
