/** The overview: cards, pool, and the one sentence that says whether somebody must act. */
import { Sparkline } from "./admin-chart.js";
import { decimal, duration, whole } from "./admin-format.js";
import { live } from "./admin-live.js";
import { setAttribute, setText } from "./admin-rows.js";

const stat = (name, format) => [name, { read: (frame) => frame.stats[name], format }];
const pool = (name) => [`pool_${name}`, { read: (frame) => frame.stats.pool[name], format: whole }];

/** What stands in every element with `data-figure`. */
const FIGURES = new Map([
  ["online", { read: (frame) => frame.online, format: whole }],
  stat("deliveries_per_second", decimal),
  stat("round_ms", decimal),
  stat("pending_writes", whole),
  stat("messages_in", whole),
  stat("deliveries", whole),
  stat("slow_consumers", whole),
  stat("loop_lag_ms", decimal),
  stat("uptime_s", duration),
  ["version", { read: (frame) => frame.version, format: String }],
  ...["size", "free", "used", "min", "max"].map(pool),
]);

const isOk = (frame) => frame.database === "ok";

/** What needs somebody, worst first. Texts hold no figure that moves: each change is read out. */
const CONCERNS = [
  {
    level: "bad",
    figure: "pending_writes",
    holds: (frame) => !isOk(frame),
    text: "Database away: chat goes on, acknowledgements wait.",
  },
  {
    level: "bad",
    figure: "online",
    holds: (frame) => frame.redis === "away",
    text: "Redis away: players see only those on their own server.",
  },
  {
    level: "bad",
    figure: "loop_lag_ms",
    holds: (frame) => frame.stats.loop_lag_ms >= 250,
    text: "The event loop is late: this server has more to do than it can; spread the players over more servers.",
  },
  {
    level: "warning",
    figure: "pending_writes",
    holds: (frame) => isOk(frame) && frame.stats.oldest_pending_s >= 5,
    text: "Writes wait for more than five seconds: look at the database's load.",
  },
  {
    level: "warning",
    figure: "pool_used",
    holds: ({ stats }) => stats.pool.used >= stats.pool.max,
    text: "Every database connection is in use: raise TILO_POOL_MAX or look for slow statements.",
  },
];

const CUT = { level: "warning", text: "No news from the server: figures and chat are the last that came." };

export const concerns = (frame) => CONCERNS.filter((concern) => concern.holds(frame));

class Overview {
  constructor(document) {
    this.figures = [...document.querySelectorAll("[data-figure]")];
    this.verdict = document.querySelector("#verdict");
    this.poolBar = document.querySelector("#pool-bar");
    this.notes = [...document.querySelectorAll("[data-note]")];
    this.isCut = false;
    const charts = [...document.querySelectorAll("[data-chart]")];
    this.charts = new Map(charts.map((svg) => [svg.dataset.chart, new Sparkline(svg)]));
  }

  receive(frame) {
    this.frame = frame;
    for (const [name, chart] of this.charts) chart.push(frame.server_time, FIGURES.get(name).read(frame));
  }

  /** Called whenever the feed's state may have changed. */
  showFeed({ name }) {
    this.isCut = ["stale", "reconnecting"].includes(name);
  }

  render(now) {
    const current = concerns(this.frame);
    this.#showFigures(current);
    this.#showVerdict(this.isCut ? [CUT] : current);
    this.#showPool(this.frame.stats.pool);
    for (const note of this.notes) setText(note, this.#note(note.dataset.note));
    for (const chart of this.charts.values()) chart.draw(now);
  }

  #showFigures(current) {
    const levels = new Map(current.toReversed().map(({ figure, level }) => [figure, level]));
    for (const element of this.figures) {
      const { read, format } = FIGURES.get(element.dataset.figure);
      setText(element, format(read(this.frame)));
      setAttribute(element, "data-level", levels.get(element.dataset.figure) ?? "good");
    }
  }

  #showVerdict(current) {
    const texts = current.length ? current.map(({ text }) => text) : ["All is well: nothing needs you."];
    setAttribute(this.verdict, "data-level", current[0]?.level ?? "good");
    if ([...this.verdict.children].map((line) => line.textContent).join() === texts.join()) return;
    this.verdict.replaceChildren(
      ...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })),
    );
  }

  #showPool({ used, free, max }) {
    const [usedPart, freePart] = this.poolBar.children;
    setAttribute(this.poolBar, "viewBox", `0 0 ${max} 1`);
    setAttribute(usedPart, "width", String(used));
    setAttribute(freePart, "x", String(used));
    setAttribute(freePart, "width", String(free));
  }

  #note(name) {
    if (name === "pending_writes") {
      const { pending_writes: count, oldest_pending_s: age } = this.frame.stats;
      return count ? `oldest waits ${duration(age)}` : "nothing waits";
    }
    const { peak, span } = this.charts.get(name);
    return `peak ${FIGURES.get(name).format(peak)} in ${duration(span)}`;
  }
}

live(new Overview(document));
