/** The table of connected clients: searched, filled in place, new rows on top when nobody points at it. */
import { age, bytes, exact, parseTime, program, whole } from "./admin-format.js";
import { live } from "./admin-live.js";
import { field, isInUse, KeyedRows, setAttribute, setText } from "./admin-rows.js";

const NOBODY = "Nobody is connected. Whoever opens the game appears here at once.";

const matches = (connection, words) =>
  [connection.nickname, connection.email, connection.ip].some((text) => text?.toLowerCase().includes(words));

function fill(row, connection, now) {
  const nickname = field(row, "nickname");
  const since = field(row, "since");
  const connectedAt = parseTime(connection.connected_at);
  setText(nickname, connection.nickname ?? "no name yet");
  nickname.classList.toggle("nameless", !connection.nickname);
  setText(field(row, "email"), connection.email ?? "");
  setText(field(row, "ip"), connection.ip);
  setText(field(row, "agent"), program(connection.user_agent));
  setAttribute(field(row, "agent"), "title", connection.user_agent);
  setText(since, age((now - connectedAt) / 1000));
  setAttribute(since, "datetime", `${connection.connected_at}Z`);
  setAttribute(since, "title", exact(connectedAt));
  setText(field(row, "messages_in"), whole(connection.messages_in));
  setText(field(row, "messages_out"), whole(connection.messages_out));
  setText(field(row, "unsent"), bytes(connection.buffered_bytes));
}

class ClientsTable {
  constructor(section) {
    this.table = section.querySelector(".table-scroll");
    this.search = section.querySelector("#client-search");
    this.count = field(section, "count");
    this.changes = section.querySelector("#client-changes");
    this.empty = section.querySelector("#client-empty");
    this.rows = new KeyedRows(section.querySelector("#client-rows"), section.querySelector("#client-row"), fill);
    this.isReleased = false;
    this.connections = [];
    this.search.addEventListener("input", () => this.render(this.now));
    this.changes.addEventListener("click", () => {
      this.isReleased = true;
      this.render(this.now);
    });
  }

  receive(frame) {
    this.connections = frame.connections;
    this.total = frame.connections_total;
  }

  render(now) {
    this.now = now;
    const isHeld = isInUse(this.table) && !this.isReleased;
    this.isReleased = false;
    const waiting = this.rows.update(this.connections, now, { isHeld });
    this.#showChanges(waiting);
    this.#filter();
  }

  #showChanges({ added, gone }) {
    const parts = [added && `${whole(added)} new`, gone && `${whole(gone)} gone`].filter(Boolean);
    this.changes.hidden = parts.length === 0;
    setText(this.changes, `${parts.join(", ")}: show`);
  }

  #filter() {
    const words = this.search.value.trim().toLowerCase();
    let found = 0;
    for (const connection of this.connections) {
      const isFound = matches(connection, words) || words === "";
      const row = this.rows.rows.get(connection.id);
      if (row && row.hidden === isFound) row.hidden = !isFound;
      if (isFound) found += 1;
    }
    this.#showCount(words, found);
  }

  #showCount(words, found) {
    const listed = this.connections.length;
    const isPart = listed < this.total;
    const scope = isPart ? `the ${whole(listed)} newest of ${whole(this.total)}` : `all ${whole(listed)}`;
    if (listed === 0) setText(this.count, "");
    else setText(this.count, words ? `${whole(found)} found among ${scope}` : `Showing ${scope}`);
    this.empty.hidden = found > 0;
    setText(this.empty, listed ? `Nobody among ${scope} matches “${this.search.value.trim()}”.` : NOBODY);
  }
}

live(new ClientsTable(document.querySelector("#clients")));
