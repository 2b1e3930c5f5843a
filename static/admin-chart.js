/** A small chart of the last 15 minutes: a line for each series, drawn from the left edge, 15 minutes ago, to now. */
import { setAttribute } from "./admin-rows.js";

const HEIGHT = 40; // of the view box; its width is the number of intervals

/** Runs of points without a gap between them: where the server was away, there is no line. */
function runs(points) {
  const all = [];
  for (const point of points) {
    const last = all.at(-1);
    if (last && last.at(-1).age - point.age === 1) last.push(point);
    else all.push([point]);
  }
  return all;
}

export class Chart {
  /**
   * @param {SVGElement} svg  with a path `.line` for each series, in `data-series`, maybe a path `.area` under the first, and
   *   a path `.cursor`; `data-least` is the least that the height stands for, so that a small noise looks small
   */
  constructor(svg) {
    this.svg = svg;
    this.lines = [...svg.querySelectorAll(".line")];
    this.area = svg.querySelector(".area");
    this.cursor = svg.querySelector(".cursor");
    this.names = this.lines.map((line) => line.dataset.series);
    this.least = Number(svg.dataset.least);
    this.pointed = null; // the share of the width that the mouse is at
    svg.addEventListener("pointermove", (event) => this.#point(event));
    svg.addEventListener("pointerleave", () => (this.pointed = null));
  }

  /** @param {import("./admin-history.js").FigureHistory} history */
  draw(history) {
    const all = this.names.map((name) => history.of(name));
    const peak = Math.max(this.least, ...all.flat().map(({ value }) => value));
    const x = ({ age }) => history.length - age;
    const y = ({ value }) => (HEIGHT - 2 - (value / peak) * (HEIGHT - 4)).toFixed(2);
    const path = (run) => run.map((point) => `${x(point)},${y(point)}`).join("L");
    setAttribute(this.svg, "viewBox", `0 0 ${history.length} ${HEIGHT}`);
    for (const [at, line] of this.lines.entries()) {
      setAttribute(line, "d", runs(all[at]).map((run) => `M${path(run)}h0`).join(""));
    }
    if (!this.area) return;
    const areas = runs(all[0]).map((run) => `M${x(run[0])},${HEIGHT}L${path(run)}V${HEIGHT}Z`);
    setAttribute(this.area, "d", areas.join(""));
  }

  /** The points that the mouse is at, one for each series, or null; marks the place. */
  pointedAt(history) {
    const age = this.pointed === null ? null : Math.round((1 - this.pointed) * history.length);
    const points = this.names.map((name) => history.of(name).find((point) => point.age === age));
    setAttribute(this.cursor, "d", points[0] ? `M${history.length - age},0V${HEIGHT}` : "");
    return points[0] ? points : null;
  }

  #point(event) {
    const { left, width } = this.svg.getBoundingClientRect();
    this.pointed = (event.clientX - left) / width;
  }
}
