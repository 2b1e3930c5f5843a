/** The overview's table of servers: there where Redis joins several. */
import { decimal, duration, exact, parseTime, whole } from "./admin-format.js";
import { field, KeyedRows, setAttribute, setText } from "./admin-rows.js";

export class ServersTable {
  constructor(section) {
    this.section = section;
    this.rows = new KeyedRows(section.querySelector("#server-rows"), section.querySelector("#server-row"), (row, server, now) =>
      this.#fill(row, server, now),
    );
  }

  receive(frame) {
    this.frame = frame;
  }

  render(now) {
    this.section.hidden = this.frame.servers.length === 0;
    this.rows.update(this.frame.servers, now, { isHeld: false });
  }

  #fill(row, server, now) {
    const startedAt = parseTime(server.started_at);
    const notes = [server.id === this.frame.own_id && "this one", server.draining && "ending"];
    setText(field(row, "name"), server.name);
    setText(field(row, "note"), notes.filter(Boolean).join(", "));
    setText(field(row, "connections"), whole(server.connections));
    setText(field(row, "deliveries"), decimal(server.deliveries_per_second));
    setText(field(row, "lag"), `${decimal(server.loop_lag_ms)} ms`);
    setText(field(row, "memory"), `${decimal(server.memory_bytes / 1024 ** 2)} MiB`);
    setText(field(row, "since"), duration((now - startedAt) / 1000));
    setAttribute(field(row, "since"), "title", `since ${exact(startedAt)}`);
  }
}
