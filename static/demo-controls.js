/** Turns arrow keys, WASD, a mouse or a thumb into the velocity that the player asks for. */

import { limited, TOP_SPEED } from "./demo-game.js";

// Places on the keyboard, not letters: WASD is where it should be on every layout.
const DIRECTIONS = {
  ArrowUp: [0, -1], KeyW: [0, -1], ArrowDown: [0, 1], KeyS: [0, 1],
  ArrowLeft: [-1, 0], KeyA: [-1, 0], ArrowRight: [1, 0], KeyD: [1, 0],
};
const KEY_SPEED = TOP_SPEED * 0.72;
const THUMB_GAIN = 1.35; // the thumb travels less than the tile, and never has to cover it
const OWN_KEYS = "input, textarea, select, [contenteditable], [data-own-keys]";
const OWN_START_KEYS = `${OWN_KEYS}, a, button, summary`;

export class Controls {
  /** `onMove` is called at the first steering key, `onStart` at Space, Enter or a tap on the field. */
  constructor(field, { onMove, onStart }) {
    this.field = field;
    this.onMove = onMove;
    this.onStart = onStart;
    this.pressed = new Set();
    this.target = null;
    this.thumb = null;
    addEventListener("keydown", (event) => this.#keyDown(event));
    addEventListener("keyup", (event) => this.pressed.delete(event.code));
    addEventListener("blur", () => this.release());
    addEventListener("focusin", (event) => event.target.closest(OWN_KEYS) && this.pressed.clear());
    field.canvas.addEventListener("pointerdown", (event) => this.#pointerDown(event));
    field.canvas.addEventListener("pointermove", (event) => this.#pointerMove(event));
    for (const end of ["pointerup", "pointercancel"]) field.canvas.addEventListener(end, () => (this.thumb = null));
  }

  release() {
    this.pressed.clear();
    this.target = null;
    this.thumb = null;
  }

  /** The velocity asked for now, in tiles a second. */
  velocity({ player, columns, rows }) {
    if (this.pressed.size > 0) return this.#keyVelocity();
    if (this.thumb && !this.target) this.target = { x: player.x, y: player.y };
    if (!this.target) return { x: 0, y: 0 };
    this.target.x = Math.min(Math.max(this.target.x, 0), columns);
    this.target.y = Math.min(Math.max(this.target.y, 0), rows);
    return { x: (this.target.x - player.x) * 14, y: (this.target.y - player.y) * 14 };
  }

  #keyVelocity() {
    const wish = { x: 0, y: 0 };
    for (const code of this.pressed) {
      wish.x += DIRECTIONS[code][0] * KEY_SPEED;
      wish.y += DIRECTIONS[code][1] * KEY_SPEED;
    }
    return limited(wish, KEY_SPEED);
  }

  #keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code in DIRECTIONS && !event.target.closest(OWN_KEYS)) {
      event.preventDefault();
      this.pressed.add(event.code);
      this.target = null;
      this.onMove();
    } else if ((event.code === "Space" || event.code === "Enter") && !event.target.closest(OWN_START_KEYS)) {
      event.preventDefault();
      if (!event.repeat) this.onStart();
    }
  }

  #pointerDown(event) {
    if (event.pointerType === "mouse") this.target = this.field.toTiles(event.clientX, event.clientY);
    else {
      this.field.canvas.setPointerCapture(event.pointerId);
      this.thumb = { id: event.pointerId, x: event.clientX, y: event.clientY };
      this.target = null;
    }
    this.onStart();
  }

  #pointerMove(event) {
    if (event.pointerType === "mouse") this.target = this.field.toTiles(event.clientX, event.clientY);
    else if (this.thumb?.id === event.pointerId && this.target) {
      this.target.x += ((event.clientX - this.thumb.x) / this.field.tile) * THUMB_GAIN;
      this.target.y += ((event.clientY - this.thumb.y) / this.field.tile) * THUMB_GAIN;
      this.thumb = { id: event.pointerId, x: event.clientX, y: event.clientY };
    }
  }
}
