/** The overview: cards with their last 15 minutes, and the one sentence that says whether somebody must act. */
import { Chart } from "./admin-chart.js";
import { concerns } from "./admin-concerns.js";
import { age, decimal, duration, whole } from "./admin-format.js";
import { FigureHistory } from "./admin-history.js";
import { live } from "./admin-live.js";
import { setAttribute, setText } from "./admin-rows.js";
import { ServersTable } from "./admin-servers.js";

const LEAST_PAST_SECONDS = 60; // a change against less is none

const mebibytes = (count) => decimal(count / 1024 ** 2);
const stat = (name, format) => [name, { read: (frame) => frame.stats[name], format }];
const pool = (name) => [`pool_${name}`, { read: (frame) => frame.stats.pool[name], format: whole }];

/** What stands in every element with `data-figure`, and how a value of the chart with its name is written. */
const FIGURES = new Map([
  stat("online", whole),
  stat("messages_per_second", decimal),
  stat("deliveries_per_second", decimal),
  stat("delay_p99_ms", decimal),
  stat("round_p50_ms", decimal),
  stat("round_p99_ms", decimal),
  stat("loop_lag_ms", decimal),
  stat("gc_pause_ms", decimal),
  stat("pending_writes", whole),
  stat("oldest_pending_s", decimal),
  stat("memory_bytes", mebibytes),
  stat("messages_in", whole),
  stat("deliveries", whole),
  stat("slow_consumers", whole),
  stat("uptime_s", duration),
  ["version", { read: (frame) => frame.version, format: String }],
  ...["size", "free", "used", "waiting", "min", "max"].map(pool),
]);

const HEALTH = {
  database: { ok: "answers", away: "away: writes wait" },
  redis: { ok: "answers", away: "away: servers are apart", off: "off: one server" },
};

class Overview {
  constructor(document) {
    this.figures = [...document.querySelectorAll("[data-figure]")];
    this.parts = [...document.querySelectorAll("[data-health]")];
    this.verdict = document.querySelector("#verdict");
    this.history = new FigureHistory();
    this.isCut = false;
    const charts = [...document.querySelectorAll(".chart")];
    this.charts = charts.map((svg) => ({ chart: new Chart(svg), note: svg.parentElement.querySelector("[data-note]") }));
    for (const { svg } of this.charts.map(({ chart }) => chart)) {
      for (const event of ["pointermove", "pointerleave"]) svg.addEventListener(event, () => this.#showNotes());
    }
  }

  receive(frame) {
    this.frame = frame;
    this.history.receive(frame.history);
  }

  /** Called whenever the feed's state may have changed. */
  showFeed({ name }) {
    this.isCut = ["stale", "reconnecting"].includes(name);
  }

  render() {
    const current = concerns(this.frame, this.isCut);
    this.#showFigures(current);
    this.#showVerdict(current);
    for (const part of this.parts) this.#showHealth(part);
    for (const { chart } of this.charts) chart.draw(this.history);
    this.#showNotes();
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

  #showHealth(part) {
    const state = this.frame[part.dataset.health];
    setAttribute(part, "data-state", state);
    setText(part.querySelector("[data-field=word]"), HEALTH[part.dataset.health][state] ?? state);
  }

  #showNotes() {
    for (const { chart, note } of this.charts) setText(note, this.#note(chart));
  }

  /** What a chart says of the moment that the mouse is at, else how its main series has changed. */
  #note(chart) {
    const { read, format } = FIGURES.get(chart.names.at(-1));
    const pointed = chart.pointedAt(this.history);
    if (pointed) {
      const values = pointed.map(({ value }) => format(value)).join(" / ");
      return `${values}, ${pointed[0].age ? `${age(pointed[0].age * this.history.interval)} ago` : "now"}`;
    }
    const points = this.history.of(chart.names.at(-1));
    const peak = `peak ${format(Math.max(0, ...points.map(({ value }) => value)))}`;
    if (this.history.span < LEAST_PAST_SECONDS) return `${peak} so far`;
    const change = read(this.frame) - points[0].value;
    const sign = format(Math.abs(change)) === format(0) ? "±" : change < 0 ? "−" : "+";
    return `${sign}${format(Math.abs(change))} in ${age(this.history.span)}, ${peak}`;
  }
}

live(new Overview(document), new ServersTable(document.querySelector("#servers")));
