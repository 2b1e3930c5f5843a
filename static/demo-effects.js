/** What flies over the field for a moment: sparks, the points just won, a shake after a hit. No rule depends on it. */

const GRAVITY = 5; // tiles a second, squared
const SPARK_SECONDS = 0.7;
const POP_SECONDS = 0.9;
const SHAKE_SECONDS = 0.35;
const MOST_SPARKS = 240;

export class Effects {
  /** `calm` is asked each time: the visitor may change the wish for less motion while the page is open. */
  constructor(calm) {
    this.calm = calm;
    this.sparks = [];
    this.pops = [];
    this.shakeLeft = 0;
  }

  burst({ x, y }, colour, count) {
    if (this.calm()) return;
    for (let index = 0; index < count && this.sparks.length < MOST_SPARKS; index += 1) {
      const angle = Math.random() * Math.PI * 2;
      const speed = 1.5 + Math.random() * 5;
      const left = SPARK_SECONDS * (0.5 + Math.random() / 2);
      this.sparks.push({ x, y, vx: Math.cos(angle) * speed, vy: Math.sin(angle) * speed, colour, left });
    }
  }

  pop({ x, y }, text, colour) {
    this.pops.push({ x, y, text, colour, left: POP_SECONDS });
  }

  shake() {
    if (!this.calm()) this.shakeLeft = SHAKE_SECONDS;
  }

  step(seconds) {
    for (const spark of this.sparks) {
      spark.left -= seconds;
      spark.vy += GRAVITY * seconds;
      spark.x += spark.vx * seconds;
      spark.y += spark.vy * seconds;
    }
    for (const pop of this.pops) {
      pop.left -= seconds;
      if (!this.calm()) pop.y -= seconds * 1.4 * (pop.left / POP_SECONDS);
    }
    this.sparks = this.sparks.filter((spark) => spark.left > 0);
    this.pops = this.pops.filter((pop) => pop.left > 0);
    this.shakeLeft = Math.max(0, this.shakeLeft - seconds);
  }

  /** How far the picture is off its place now, in tiles. */
  get offset() {
    const size = 0.22 * (this.shakeLeft / SHAKE_SECONDS);
    return { x: (Math.random() - 0.5) * size, y: (Math.random() - 0.5) * size };
  }

  draw(context, tile) {
    context.globalCompositeOperation = "lighter";
    for (const spark of this.sparks) {
      const size = tile * 0.14 * (spark.left / SPARK_SECONDS) + 1;
      context.globalAlpha = Math.min(1, spark.left / SPARK_SECONDS + 0.2);
      context.fillStyle = spark.colour;
      context.fillRect(spark.x * tile - size / 2, spark.y * tile - size / 2, size, size);
    }
    context.globalCompositeOperation = "source-over";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `700 ${Math.round(Math.max(16, tile * 0.44))}px system-ui, sans-serif`;
    for (const pop of this.pops) {
      context.globalAlpha = Math.min(1, (pop.left / POP_SECONDS) * 2);
      context.fillStyle = pop.colour;
      context.fillText(pop.text, pop.x * tile, pop.y * tile - tile * 0.7);
    }
    context.globalAlpha = 1;
  }
}
