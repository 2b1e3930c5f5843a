/** The rules of the demo game: one round of time, tiles and chance. Lengths in tiles, times in seconds; no canvas. */

export const ROUND_SECONDS = 60;
export const LIVES = 3;
export const PLAYER_SIZE = 0.72;
export const TOP_SPEED = 13;

const SHARD_COUNT = 5;
const SHARD_SECONDS = 7;
const SHARD_POINTS = 10;
const BRIGHT_SHARD_POINTS = 50;
const BRIGHT_SHARD_CHANCE = 0.12;
const CHAIN_SECONDS = 1.6;
const CHAIN_POINTS = 2;
const LONGEST_CHAIN = 15;
const PULL_DISTANCE = 1.7;
const CATCH_DISTANCE = 0.7;
const SAFE_SECONDS_AFTER_HIT = 1.6;
const WARNING_SECONDS = 0.75;
const AUTOPILOT_SPEED = TOP_SPEED * 0.42;
const LONGEST_STEP = 0.05; // a longer pause (a hidden tab) counts on the clock, but carries no block across the field

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** Shortens `vector` to `longest`. */
export function limited(vector, longest) {
  const length = Math.hypot(vector.x, vector.y);
  return length > longest ? { x: (vector.x / length) * longest, y: (vector.y / length) * longest } : vector;
}

/** Whether the player's tile touches the block. */
export function touches(player, block) {
  const x = player.x - clamp(player.x, block.x, block.x + block.width);
  const y = player.y - clamp(player.y, block.y, block.y + block.height);
  return Math.hypot(x, y) < PLAYER_SIZE * 0.42; // a little less than the tile looks: near misses feel fair
}

export class Round {
  constructor({ columns, rows, random = Math.random }) {
    this.random = random;
    this.player = { x: columns / 2, y: rows / 2, vx: 0, vy: 0 };
    this.shards = [];
    this.blocks = [];
    this.lives = LIVES;
    this.score = 0;
    this.collected = 0;
    this.elapsed = 0;
    this.chain = 0;
    this.chainLeft = 0;
    this.safeLeft = SAFE_SECONDS_AFTER_HIT;
    this.nextBlockIn = 1;
    this.resize(columns, rows);
  }

  get over() {
    return this.lives === 0 || this.elapsed >= ROUND_SECONDS;
  }

  get secondsLeft() {
    return Math.max(0, ROUND_SECONDS - this.elapsed);
  }

  /** Changes the size of the field, also in the middle of a round (a phone is turned). */
  resize(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    this.shards = this.shards.filter((shard) => shard.x < columns && shard.y < rows);
    this.#keepInside();
  }

  /**
   * Moves the round on by `seconds` and returns what happened: `{kind: "collected" | "hit", x, y, points}`.
   * `wish` is the velocity the player asks for. A shielded player is not hit and collects nothing.
   */
  step(seconds, { wish, multiplier = 1, shielded = false }) {
    if (this.over) return [];
    this.elapsed += seconds;
    const moved = Math.min(seconds, LONGEST_STEP);
    this.#movePlayer(moved, wish);
    this.#moveBlocks(moved);
    this.#ageShards(moved);
    this.chainLeft = Math.max(0, this.chainLeft - moved);
    this.safeLeft = Math.max(0, this.safeLeft - moved);
    if (shielded) return [];
    return [...this.#collect(moved, multiplier), ...this.#collide()];
  }

  #movePlayer(seconds, wish) {
    const { x, y } = limited(wish, TOP_SPEED);
    const grip = 1 - Math.exp(-18 * seconds);
    this.player.vx += (x - this.player.vx) * grip;
    this.player.vy += (y - this.player.vy) * grip;
    this.player.x += this.player.vx * seconds;
    this.player.y += this.player.vy * seconds;
    this.#keepInside();
  }

  #keepInside() {
    const margin = PLAYER_SIZE / 2;
    this.player.x = clamp(this.player.x, margin, this.columns - margin);
    this.player.y = clamp(this.player.y, margin, this.rows - margin);
  }

  #moveBlocks(seconds) {
    for (const block of this.blocks) {
      block.warning -= seconds;
      if (block.warning > 0) continue;
      block.x += block.vx * seconds;
      block.y += block.vy * seconds;
    }
    this.blocks = this.blocks.filter((block) => !this.#hasLeft(block));
    this.nextBlockIn -= seconds;
    if (this.nextBlockIn > 0) return;
    const progress = this.elapsed / ROUND_SECONDS;
    this.blocks.push(this.#newBlock(progress));
    this.nextBlockIn = 1.1 - 0.75 * progress;
  }

  #hasLeft(block) {
    return (
      (block.vx > 0 && block.x > this.columns) || (block.vx < 0 && block.x + block.width < 0) ||
      (block.vy > 0 && block.y > this.rows) || (block.vy < 0 && block.y + block.height < 0)
    );
  }

  /** A block waits outside, in a row or column of its own, until its warning has passed. */
  #newBlock(progress) {
    const alongRow = this.random() < 0.5;
    const forwards = this.random() < 0.5;
    const length = 1 + Math.floor(this.random() * (1 + 2 * progress));
    const speed = (4 + 6 * progress) * (0.85 + 0.3 * this.random());
    const lane = this.#lane(alongRow, progress);
    const start = forwards ? -length : alongRow ? this.columns : this.rows;
    const velocity = forwards ? speed : -speed;
    const along = alongRow
      ? { x: start, y: lane, width: length, height: 1, vx: velocity, vy: 0 }
      : { x: lane, y: start, width: 1, height: length, vx: 0, vy: velocity };
    return { ...along, warning: WARNING_SECONDS };
  }

  /** Some blocks aim at the player, so that standing still never pays. */
  #lane(alongRow, progress) {
    const lanes = alongRow ? this.rows : this.columns;
    const aimed = this.random() < 0.3 + 0.2 * progress;
    const lane = aimed ? (alongRow ? this.player.y : this.player.x) : this.random() * lanes;
    return clamp(Math.floor(lane), 0, lanes - 1);
  }

  #ageShards(seconds) {
    for (const shard of this.shards) shard.left -= seconds;
    this.shards = this.shards.filter((shard) => shard.left > 0);
    while (this.shards.length < SHARD_COUNT) this.shards.push(this.#newShard());
  }

  #newShard() {
    const bright = this.random() < BRIGHT_SHARD_CHANCE;
    return {
      x: Math.floor(this.random() * this.columns) + 0.5,
      y: Math.floor(this.random() * this.rows) + 0.5,
      bright,
      left: SHARD_SECONDS * (bright ? 0.6 : 0.6 + 0.8 * this.random()),
      age: this.elapsed,
    };
  }

  #collect(seconds, multiplier) {
    const happenings = [];
    for (const shard of this.shards) {
      const x = this.player.x - shard.x;
      const y = this.player.y - shard.y;
      const distance = Math.hypot(x, y);
      if (distance < CATCH_DISTANCE) happenings.push(this.#catch(shard, multiplier));
      else if (distance < PULL_DISTANCE) {
        shard.x += (x / distance) * 9 * seconds;
        shard.y += (y / distance) * 9 * seconds;
      }
    }
    this.shards = this.shards.filter((shard) => shard.left > 0);
    return happenings;
  }

  #catch(shard, multiplier) {
    shard.left = 0;
    this.chain = this.chainLeft > 0 ? Math.min(this.chain + 1, LONGEST_CHAIN) : 0;
    this.chainLeft = CHAIN_SECONDS;
    this.collected += 1;
    const worth = (shard.bright ? BRIGHT_SHARD_POINTS : SHARD_POINTS) + CHAIN_POINTS * this.chain;
    const points = Math.round(worth * multiplier);
    this.score = Math.min(this.score + points, Number.MAX_SAFE_INTEGER); // the server takes no larger number
    return { kind: "collected", x: shard.x, y: shard.y, points, bright: shard.bright };
  }

  #collide() {
    if (this.safeLeft > 0) return [];
    const block = this.blocks.find((candidate) => touches(this.player, candidate));
    if (!block) return [];
    this.blocks = this.blocks.filter((other) => other !== block);
    this.lives -= 1;
    this.chain = 0;
    this.safeLeft = SAFE_SECONDS_AFTER_HIT;
    return [{ kind: "hit", x: this.player.x, y: this.player.y, points: 0 }];
  }
}

/** The velocity of a careful player, towards the nearest shard and away from blocks, until somebody plays. */
export function autopilot({ player, shards, blocks }) {
  const distance = (shard) => Math.hypot(shard.x - player.x, shard.y - player.y);
  const goal = shards.reduce((best, shard) => (!best || distance(shard) < distance(best) ? shard : best), null);
  const way = goal ? { x: (goal.x - player.x) * 4, y: (goal.y - player.y) * 4 } : { x: 0, y: 0 };
  const wish = { ...limited(way, AUTOPILOT_SPEED) };
  for (const block of blocks) {
    const x = player.x - clamp(player.x, block.x - block.width, block.x + 2 * block.width);
    const y = player.y - clamp(player.y, block.y - block.height, block.y + 2 * block.height);
    const gap = Math.hypot(x, y);
    if (gap > 2.4) continue;
    const push = 9 / Math.max(gap, 0.3);
    if (block.vx) wish.y += push * Math.sign(player.y - (block.y + 0.5) || 1);
    else wish.x += push * Math.sign(player.x - (block.x + 0.5) || 1);
  }
  return wish;
}
