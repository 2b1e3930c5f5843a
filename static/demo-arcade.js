/** The game on the page: shows itself until somebody plays, runs rounds, keeps the figures above the field. */

import { Controls } from "./demo-controls.js";
import { Effects } from "./demo-effects.js";
import { COLOURS, Field } from "./demo-field.js";
import { autopilot, LIVES, Round, ROUND_SECONDS } from "./demo-game.js";

const REST_MS = 600; // after a round the keys still pressed must not start the next one
const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");
const calm = () => lessMotion.matches;

export class Arcade {
  /**
   * @param {object} parts `byId(id)` finds an element of the page, `multiplier()` is the one now active,
   *   `typing()` tells whether the player writes in the chat, `onEnd(round)` is called when a round has ended.
   */
  constructor({ byId, multiplier, typing, onEnd }) {
    Object.assign(this, { byId, multiplier, typing, onEnd });
    this.state = "waiting"; // then "playing" and "over" in turn
    this.field = new Field(byId("field"), calm);
    this.effects = new Effects(calm);
    this.controls = new Controls(this.field, {
      onMove: () => this.state === "waiting" && this.start(),
      onStart: () => this.start(),
    });
    this.round = this.#newRound();
    this.lastFrame = performance.now();
    new ResizeObserver(() => this.#fit()).observe(this.field.canvas);
    byId("play").addEventListener("click", () => this.start());
    byId("again").addEventListener("click", () => this.start());
    requestAnimationFrame((now) => this.#frame(now));
  }

  get playing() {
    return this.state === "playing";
  }

  start() {
    if (this.playing || (this.state === "over" && performance.now() - this.endedAt < REST_MS)) return;
    this.round = this.#newRound();
    this.state = "playing";
    this.#hideCards();
    this.byId("arena").dataset.state = this.state;
    this.byId("arena").scrollIntoView({ block: "nearest" });
    this.#say("Go! Sixty seconds.");
  }

  /** Shows a line on the field, in the place of the player. */
  announce(text) {
    this.effects.pop(this.round.player, text, COLOURS.bright);
  }

  /** Who came to the button by the keyboard stays at the game, and does not fall back to the top of the page. */
  #hideCards() {
    if (document.activeElement.matches("#play:focus-visible, #again:focus-visible")) this.field.canvas.focus();
    this.byId("welcome").hidden = true;
    this.byId("result").hidden = true;
  }

  #newRound() {
    return new Round({ columns: this.field.columns, rows: this.field.rows });
  }

  #fit() {
    this.field.fit();
    this.round.resize(this.field.columns, this.field.rows);
    this.field.draw(this.round, this.effects, { seconds: 0, shielded: false });
  }

  #frame(now) {
    const seconds = Math.max(0, (now - this.lastFrame) / 1000);
    this.lastFrame = now;
    if (this.field.scale !== devicePixelRatio) this.#fit();
    const shielded = this.playing && this.typing();
    if (this.playing) this.#play(seconds, shielded);
    else if (this.state === "waiting" && !calm()) this.#showOff(seconds);
    this.effects.step(seconds);
    this.field.draw(this.round, this.effects, { seconds, shielded });
    requestAnimationFrame((next) => this.#frame(next));
  }

  #play(seconds, shielded) {
    const livesBefore = this.round.lives;
    const wish = this.controls.velocity(this.round);
    const happenings = this.round.step(seconds, { wish, multiplier: this.multiplier(), shielded });
    happenings.forEach((happening) => this.#celebrate(happening));
    if (this.round.lives < livesBefore && !this.round.over) {
      this.#say(this.round.lives === 1 ? "Hit. One life left." : `Hit. ${this.round.lives} lives left.`);
    }
    this.#showFigures();
    if (this.round.over) this.#end();
  }

  #showOff(seconds) {
    const happenings = this.round.step(seconds, { wish: autopilot(this.round) });
    happenings.forEach((happening) => this.#celebrate(happening));
    if (this.round.over) this.round = this.#newRound();
  }

  #celebrate(happening) {
    if (happening.kind === "hit") {
      this.effects.burst(happening, COLOURS.block, 34);
      this.effects.shake();
      return;
    }
    const colour = happening.bright ? COLOURS.bright : COLOURS.shard;
    this.effects.burst(happening, colour, happening.bright ? 26 : 12);
    this.effects.pop(happening, `+${happening.points}`, this.multiplier() > 1 ? COLOURS.bright : "#ffffff");
  }

  #showFigures() {
    const { score, lives, secondsLeft } = this.round;
    const set = (id, text) => {
      const element = this.byId(id);
      if (element.textContent !== text) element.textContent = text;
    };
    set("score", score.toLocaleString("en"));
    set("time", String(Math.ceil(secondsLeft)));
    this.byId("time").classList.toggle("late", secondsLeft <= 10);
    this.byId("time-bar").style.transform = `scaleX(${(secondsLeft / ROUND_SECONDS).toFixed(4)})`;
    const hearts = this.byId("lives");
    if (hearts.dataset.left === String(lives)) return;
    hearts.dataset.left = String(lives);
    hearts.setAttribute("aria-label", `${lives} of ${LIVES} lives`);
  }

  #end() {
    this.state = "over";
    this.endedAt = performance.now();
    this.controls.release();
    this.byId("arena").dataset.state = this.state;
    this.byId("result").hidden = false;
    this.onEnd(this.round);
    this.#say(`Round over. ${this.round.score} points. Press Space to play again.`);
  }

  #say(text) {
    this.byId("game-status").textContent = text;
  }
}
