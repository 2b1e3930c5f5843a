/** Draws a round on the canvas: a floor of tiles that glows where the player has been, shards, blocks, the player. */

import { PLAYER_SIZE } from "./demo-game.js";

export const COLOURS = {
  floor: "#0f1022", floorEdge: "#090a15", tile: "rgb(150 155 255 / 6%)", warm: "118 100 255",
  player: "#f4f2ff", playerGlow: "128 110 255", shard: "#62e6ff", shardGlow: "60 200 255",
  bright: "#ffd257", brightGlow: "255 190 60", block: "#ff5d73", blockDark: "#c3264b", blockGlow: "255 70 100",
};

const TILES_ON_FIELD = 120; // about as many on a phone as on a wide screen: equal chances on the board
const WARM_SECONDS = 1.4;
const TRAIL_LENGTH = 16;
const GLOW_PIXELS = 128;

function glow(colour) {
  const sprite = new OffscreenCanvas(GLOW_PIXELS, GLOW_PIXELS);
  const context = sprite.getContext("2d");
  const half = GLOW_PIXELS / 2;
  const light = context.createRadialGradient(half, half, 0, half, half, half);
  light.addColorStop(0, `rgb(${colour} / 55%)`);
  light.addColorStop(0.4, `rgb(${colour} / 16%)`);
  light.addColorStop(1, `rgb(${colour} / 0%)`);
  context.fillStyle = light;
  context.fillRect(0, 0, GLOW_PIXELS, GLOW_PIXELS);
  return sprite;
}

export class Field {
  constructor(canvas, calm) {
    this.canvas = canvas;
    this.calm = calm;
    this.context = canvas.getContext("2d");
    this.glows = Object.fromEntries(
      ["player", "shard", "bright", "block"].map((name) => [name, glow(COLOURS[`${name}Glow`])]),
    );
    this.trail = [];
    this.fit();
  }

  /** Takes the canvas's present size: sets columns, rows and the tile's length in CSS pixels. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const wanted = Math.sqrt((width * height) / TILES_ON_FIELD);
    this.columns = Math.max(1, Math.round(width / wanted));
    this.rows = Math.max(1, Math.round(height / wanted));
    this.tile = Math.min(width / this.columns, height / this.rows);
    this.left = (width - this.columns * this.tile) / 2;
    this.top = (height - this.rows * this.tile) / 2;
    this.scale = devicePixelRatio;
    this.canvas.width = Math.round(width * this.scale);
    this.canvas.height = Math.round(height * this.scale);
    this.warmth = new Float32Array(this.columns * this.rows);
    this.floor = this.#paintFloor(width, height);
    this.trail = [];
  }

  /** A point of the page (CSS pixels) on the field, in tiles. */
  toTiles(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    return { x: (clientX - box.left - this.left) / this.tile, y: (clientY - box.top - this.top) / this.tile };
  }

  draw(round, effects, { seconds, shielded }) {
    const { context, tile, scale } = this;
    const shake = effects.offset;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.floor, 0, 0);
    context.setTransform(scale, 0, 0, scale, (this.left + shake.x * tile) * scale, (this.top + shake.y * tile) * scale);
    this.#warm(round.player, seconds);
    this.#drawWarmth();
    round.blocks.filter((block) => block.warning > 0).forEach((block) => this.#drawWarning(block));
    if (round.lives > 0) this.#drawTrail(round.player);
    round.shards.forEach((shard) => this.#drawShard(shard, round.elapsed));
    round.blocks.forEach((block) => this.#drawBlock(block));
    if (round.lives > 0) this.#drawPlayer(round, shielded);
    effects.draw(context, tile);
  }

  #paintFloor(width, height) {
    const floor = new OffscreenCanvas(Math.max(1, this.canvas.width), Math.max(1, this.canvas.height));
    const context = floor.getContext("2d");
    context.scale(this.scale, this.scale);
    const reach = Math.max(width, height) * 0.7;
    const light = context.createRadialGradient(width / 2, height * 0.4, 0, width / 2, height / 2, reach);
    light.addColorStop(0, "#1b1b3d");
    light.addColorStop(0.6, COLOURS.floor);
    light.addColorStop(1, COLOURS.floorEdge);
    context.fillStyle = light;
    context.fillRect(0, 0, width, height);
    context.translate(this.left, this.top);
    context.fillStyle = COLOURS.tile;
    for (let index = 0; index < this.warmth.length; index += 1) this.#tilePath(context, index).fill();
    return floor;
  }

  #tilePath(context, index) {
    const { tile, columns } = this;
    const x = (index % columns) * tile;
    const y = Math.floor(index / columns) * tile;
    context.beginPath();
    context.roundRect(x + 1.5, y + 1.5, tile - 3, tile - 3, tile * 0.16);
    return context;
  }

  #warm(player, seconds) {
    for (let index = 0; index < this.warmth.length; index += 1) {
      this.warmth[index] = Math.max(0, this.warmth[index] - seconds / WARM_SECONDS);
    }
    this.warmth[Math.floor(player.y) * this.columns + Math.floor(player.x)] = 1;
  }

  #drawWarmth() {
    this.warmth.forEach((warmth, index) => {
      if (warmth === 0) return;
      this.context.fillStyle = `rgb(${COLOURS.warm} / ${(warmth * warmth * 0.34).toFixed(3)})`;
      this.#tilePath(this.context, index).fill();
    });
  }

  /** The lane where a block is about to come is tinted, and an arrow at its edge says from where. */
  #drawWarning(block) {
    const { context, tile, columns, rows } = this;
    const pulse = this.calm() ? 1 : 0.65 + 0.35 * Math.sin(block.warning * 22);
    context.globalAlpha = pulse;
    context.fillStyle = `rgb(${COLOURS.blockGlow} / 13%)`;
    if (block.vx) context.fillRect(0, block.y * tile, columns * tile, tile);
    else context.fillRect(block.x * tile, 0, tile, rows * tile);
    context.save();
    const edge = { x: block.vx > 0 ? 0.4 : columns - 0.4, y: block.vy > 0 ? 0.4 : rows - 0.4 };
    context.translate((block.vx ? edge.x : block.x + 0.5) * tile, (block.vy ? edge.y : block.y + 0.5) * tile);
    context.rotate(Math.atan2(block.vy, block.vx));
    context.fillStyle = COLOURS.block;
    context.beginPath();
    context.moveTo(tile * 0.22, 0);
    context.lineTo(-tile * 0.14, -tile * 0.24);
    context.lineTo(-tile * 0.14, tile * 0.24);
    context.fill();
    context.restore();
    context.globalAlpha = 1;
  }

  #drawGlow(name, x, y, size) {
    const { tile } = this;
    this.context.globalCompositeOperation = "lighter";
    this.context.drawImage(this.glows[name], (x - size / 2) * tile, (y - size / 2) * tile, size * tile, size * tile);
    this.context.globalCompositeOperation = "source-over";
  }

  #drawTrail(player) {
    if (this.calm()) return;
    this.trail.push({ x: player.x, y: player.y });
    if (this.trail.length > TRAIL_LENGTH) this.trail.shift();
    this.trail.forEach((point, index) => {
      const share = index / TRAIL_LENGTH;
      this.context.globalAlpha = share * 0.3;
      this.#drawGlow("player", point.x, point.y, 0.5 + share * 1.3);
    });
    this.context.globalAlpha = 1;
  }

  #drawShard(shard, elapsed) {
    const { context, tile } = this;
    const beat = this.calm() ? 1 : 1 + 0.08 * Math.sin((elapsed - shard.age) * 5);
    const grown = Math.min(1, (elapsed - shard.age) * 5 + 0.2) * beat;
    const size = tile * (shard.bright ? 0.36 : 0.27) * grown;
    context.globalAlpha = Math.min(1, shard.left / 1.2);
    this.#drawGlow(shard.bright ? "bright" : "shard", shard.x, shard.y, shard.bright ? 2.6 : 1.8);
    context.save();
    context.translate(shard.x * tile, shard.y * tile);
    context.rotate(Math.PI / 4);
    context.fillStyle = shard.bright ? COLOURS.bright : COLOURS.shard;
    context.beginPath();
    context.roundRect(-size / 2, -size / 2, size, size, size * 0.2);
    context.fill();
    context.fillStyle = "rgb(255 255 255 / 55%)";
    context.fillRect(-size * 0.32, -size * 0.32, size * 0.3, size * 0.3);
    context.restore();
    context.globalAlpha = 1;
  }

  #drawBlock({ x, y, width, height, warning }) {
    if (warning > 0) return;
    const { context, tile } = this;
    this.#drawGlow("block", x + width / 2, y + height / 2, Math.max(width, height) + 1.6);
    const paint = context.createLinearGradient(0, y * tile, 0, (y + height) * tile);
    paint.addColorStop(0, COLOURS.block);
    paint.addColorStop(1, COLOURS.blockDark);
    context.fillStyle = paint;
    context.beginPath();
    context.roundRect(x * tile + 2, y * tile + 2, width * tile - 4, height * tile - 4, tile * 0.18);
    context.fill();
    context.strokeStyle = "rgb(255 255 255 / 32%)";
    context.lineWidth = 1.5;
    context.stroke();
  }

  #drawPlayer({ player, safeLeft }, shielded) {
    const { context, tile } = this;
    const size = PLAYER_SIZE * tile;
    const blink = safeLeft > 0 && !this.calm() && Math.floor(safeLeft * 10) % 2 === 1;
    context.globalAlpha = blink ? 0.45 : 1;
    this.#drawGlow("player", player.x, player.y, 3.4);
    context.save();
    context.translate(player.x * tile, player.y * tile);
    context.rotate(this.calm() ? 0 : Math.max(-0.3, Math.min(0.3, player.vx * 0.03)));
    context.fillStyle = COLOURS.player;
    context.beginPath();
    context.roundRect(-size / 2, -size / 2, size, size, size * 0.28);
    context.fill();
    context.fillStyle = "#6b57ff";
    context.beginPath();
    context.roundRect(-size * 0.24, -size * 0.24, size * 0.48, size * 0.48, size * 0.14);
    context.fill();
    context.restore();
    if (shielded) {
      context.strokeStyle = COLOURS.shard;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(player.x * tile, player.y * tile, tile * 0.72, 0, Math.PI * 2);
      context.stroke();
    }
    context.globalAlpha = 1;
  }
}
