/** A small line of the last minutes of one figure, collected in the page. */
import { setAttribute } from "./admin-rows.js";

const LONGEST_SECONDS = 300;
const SHORTEST_SECONDS = 60; // a fresh page has a short line, not a dot
const WIDTH = 300; // of the view box
const HEIGHT = 40;

export class Sparkline {
  /** @param {SVGElement} svg  with a path `.line` and a path `.area` */
  constructor(svg) {
    this.line = svg.querySelector(".line");
    this.area = svg.querySelector(".area");
    this.points = [];
  }

  /** The highest figure that is still on the line. */
  get peak() {
    return this.points.reduce((highest, point) => Math.max(highest, point.value), 0);
  }

  /** How far back the line reaches, in seconds. */
  get span() {
    return this.points.length ? (this.points.at(-1).time - this.points[0].time) / 1000 : 0;
  }

  /** @param {number} time  ms since 1970 */
  push(time, value) {
    this.points.push({ time, value });
    while (this.points[0].time < time - LONGEST_SECONDS * 1000) this.points.shift();
  }

  draw(now) {
    if (this.points.length < 2) return;
    const scale = (HEIGHT - 4) / (this.peak || 1);
    const pace = WIDTH / (Math.max(this.span, SHORTEST_SECONDS) * 1000);
    const x = (point) => (WIDTH - (now - point.time) * pace).toFixed(1);
    const y = (point) => (HEIGHT - 2 - point.value * scale).toFixed(1);
    const line = this.points.map((point) => `${x(point)},${y(point)}`).join("L");
    setAttribute(this.line, "d", `M${line}`);
    setAttribute(this.area, "d", `M${x(this.points[0])},${HEIGHT}L${line}V${HEIGHT}Z`);
  }
}
