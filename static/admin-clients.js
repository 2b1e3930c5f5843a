/** The table of connected clients: a page of it from the server, filled in place, new rows when nobody points at it. */
import { ClientDialog } from "./admin-client-dialog.js";
import { age, bytes, exact, parseTime, program, whole } from "./admin-format.js";
import { live } from "./admin-live.js";
import { changedQuery, followQuery, showPlace } from "./admin-query.js";
import { field, isInUse, KeyedRows, setAttribute, setText } from "./admin-rows.js";

const NOBODY = "Nobody is connected. Whoever opens the game appears here at once.";
const HELD = { ban: "banned", mute: "muted", shadow_mute: "shadow-muted" };
const ACTS = { message: "Message", mute: "Mute", ban: "Ban", kick: "Kick" };

const trip = (milliseconds) => (milliseconds === null ? "–" : `${milliseconds < 1 ? "<1" : whole(milliseconds)} ms`);

function fill(row, connection, now) {
  fillWho(row, connection);
  const since = field(row, "since");
  const connectedAt = parseTime(connection.connected_at);
  setText(field(row, "ip"), connection.ip);
  setText(field(row, "agent"), program(connection.user_agent));
  setAttribute(field(row, "agent"), "title", connection.user_agent);
  setText(field(row, "server"), connection.server);
  setAttribute(field(row, "server"), "title", connection.server);
  setText(since, age((now - connectedAt) / 1000));
  setAttribute(since, "datetime", `${connection.connected_at}Z`);
  setAttribute(since, "title", exact(connectedAt));
  setText(field(row, "messages_in"), whole(connection.messages_in));
  setText(field(row, "messages_out"), whole(connection.messages_out));
  setText(field(row, "unsent"), bytes(connection.buffered_bytes));
  setText(field(row, "round_trip"), trip(connection.round_trip_ms));
}

function fillWho(row, connection) {
  const nickname = field(row, "nickname");
  const held = field(row, "held");
  const path = `/admin/clients/${encodeURIComponent(connection.id)}`;
  setText(nickname, connection.nickname ?? "no name yet");
  nickname.classList.toggle("nameless", !connection.nickname);
  setText(field(row, "email"), connection.email ?? "");
  held.hidden = !connection.held;
  setText(held, HELD[connection.held] ?? "");
  setAttribute(held, "data-kind", connection.held ?? "");
  for (const link of row.querySelectorAll("a[data-act]")) {
    const what = link.dataset.act;
    setAttribute(link, "href", what === "facts" ? path : `${path}#${what === "ban" ? "mute" : what}`);
    if (ACTS[what]) setAttribute(link, "aria-label", `${ACTS[what]} ${connection.name}`);
  }
}

class ClientsTable {
  constructor(section) {
    this.section = section;
    this.table = section.querySelector(".table-scroll");
    this.count = field(section, "count");
    this.changes = section.querySelector("#client-changes");
    this.empty = section.querySelector("#client-empty");
    this.heads = [...section.querySelectorAll("th[data-sort]")];
    this.rows = new KeyedRows(section.querySelector("#client-rows"), section.querySelector("#client-row"), fill);
    this.isReleased = false;
    this.isExpecting = false;
    this.changes.addEventListener("click", () => {
      this.isReleased = true;
      this.render(this.now);
    });
  }

  /** The next frame is what somebody has asked for: it is drawn even while they point at the table. */
  expect() {
    this.isExpecting = true;
  }

  receive(frame) {
    this.frame = frame;
    if (!this.isExpecting) return;
    this.isReleased = true;
    this.isExpecting = false;
    this.rows.isFirst = true; // another part of the list is not news
    this.table.scrollTop = 0;
  }

  render(now) {
    this.now = now;
    this.section.classList.toggle("is-joined", this.frame.servers > 1);
    const isHeld = isInUse(this.table) && !this.isReleased;
    this.isReleased = false;
    this.#showChanges(this.rows.update(this.frame.connections, now, { isHeld }));
    this.#showCount();
    this.#showSort();
    showPlace(this.section, this.frame.place);
  }

  #showChanges({ added, gone }) {
    const parts = [added && `${whole(added)} new`, gone && `${whole(gone)} left`].filter(Boolean);
    this.changes.hidden = parts.length === 0;
    setText(this.changes, `${parts.join(", ")}: show`);
  }

  #showCount() {
    const { connections_total: total, place, servers, silent_servers: silent } = this.frame;
    const words = new URLSearchParams(location.search).get("q")?.trim();
    const counted = words ? `${whole(place.found)} of ${whole(total)} found` : `${whole(total)} connected`;
    setText(this.count, silent ? `${counted}, ${silent} of ${servers} servers silent` : counted);
    this.empty.hidden = place.found > 0;
    setText(this.empty, words ? `Nobody matches “${words}”.` : NOBODY);
  }

  #showSort() {
    const { sort } = this.frame;
    for (const head of this.heads) {
      const name = head.dataset.sort;
      const isDown = sort === `-${name}`;
      const isUp = sort === name;
      const next = isUp || (!isDown && head.classList.contains("number")) ? `-${name}` : name;
      if (isDown || isUp) setAttribute(head, "aria-sort", isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      setAttribute(head.querySelector("a"), "href", changedQuery({ sort: next, page: "" }));
    }
  }
}

const section = document.querySelector("#clients");
const table = new ClientsTable(section);
const feed = live(table);

function reload() {
  table.expect();
  feed.reload();
}

followQuery(section, reload);
const dialog = new ClientDialog({ dialog: document.querySelector("#client-dialog"), onDone: reload });
section.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-act]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.open(link);
});
