/** The last 15 minutes of the server's figures: what it kept, and what came since. */
const LONGEST_SECONDS = 900;

export class FigureHistory {
  constructor() {
    this.points = []; // of [number, value, …], the oldest first
    this.series = [];
    this.interval = 1; // seconds between two numbers
  }

  /** Takes the points of a frame; the first frame has all of them and says what they are. */
  receive({ points, series, interval_s: interval }) {
    if (series) [this.series, this.interval] = [series, interval];
    if (points.length === 0) return;
    const [first, newest] = [points[0][0], points.at(-1)[0]];
    // Numbers that go back are of another machine's clock: its past is not ours.
    const isOther = this.points.length > 0 && newest < this.points.at(-1)[0];
    const kept = isOther ? [] : this.points.filter(([number]) => number < first);
    const oldest = newest - LONGEST_SECONDS / this.interval;
    this.points = [...kept, ...points].filter(([number]) => number >= oldest);
  }

  /** The points of one series as `{age, value}`, `age` in intervals before the newest. */
  of(name) {
    const place = this.series.indexOf(name) + 1;
    const newest = this.points.at(-1)?.[0];
    return this.points.map((point) => ({ age: newest - point[0], value: point[place] }));
  }

  /** How far back it reaches, in seconds. */
  get span() {
    return this.points.length ? (this.points.at(-1)[0] - this.points[0][0]) * this.interval : 0;
  }

  /** How many intervals a chart is long. */
  get length() {
    return LONGEST_SECONDS / this.interval;
  }
}
