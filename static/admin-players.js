/** The leaderboard: filled in place, and in a new order only while nobody points at it. */
import { plural } from "./admin-format.js";
import { live } from "./admin-live.js";
import { field, isInUse, KeyedRows, setAttribute, setText } from "./admin-rows.js";
import { Times } from "./admin-times.js";

const EXACT = new Intl.NumberFormat("en");

/** In the two largest units; templates/admin/_players.html writes the same in the first paint. */
function survived(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${EXACT.format(Math.floor(seconds / 3600))} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function fill(row, player) {
  const nickname = field(row, "nickname");
  const updatedAt = field(row, "updated_at");
  setText(field(row, "rank"), EXACT.format(player.rank));
  setText(nickname, player.nickname ?? "no nickname");
  nickname.classList.toggle("nameless", !player.nickname);
  setText(field(row, "email"), player.email);
  setAttribute(field(row, "email"), "title", player.email);
  setAttribute(field(row, "path"), "href", player.path);
  setText(field(row, "score"), EXACT.format(player.score));
  setText(field(row, "survival_time"), survived(player.survival_time));
  setAttribute(updatedAt, "datetime", `${player.updated_at}Z`);
}

class Board {
  constructor(section) {
    this.table = section.querySelector(".table-scroll");
    this.count = field(section, "count");
    this.changes = section.querySelector("#player-changes");
    this.empty = section.querySelector("#player-empty");
    this.rows = new KeyedRows(section.querySelector("#player-rows"), section.querySelector("#player-row"), fill);
    this.players = [];
    this.changes.addEventListener("click", () => this.#show(this.now, false));
  }

  receive(frame) {
    this.players = frame.players;
  }

  render(now) {
    this.now = now;
    this.#show(now, isInUse(this.table));
  }

  #show(now, isHeld) {
    const { added, gone } = this.rows.update(this.players, now, { isHeld });
    const moved = isHeld && this.#isOutOfOrder();
    this.changes.hidden = !(added || gone || moved);
    setText(this.changes, "The order has changed: show");
    setText(this.count, this.players.length ? `The best ${plural(this.players.length, "player", "players")}` : "");
    this.empty.hidden = this.players.length > 0;
  }

  #isOutOfOrder() {
    const shown = [...this.rows.parent.children].map((row) => row.dataset.id);
    return this.players.some((player, position) => player.id !== shown[position]);
  }
}

const section = document.querySelector("#players");
live(new Board(section), new Times(section));
