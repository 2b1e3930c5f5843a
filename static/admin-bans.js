/** Bans: those in force with the time that is left, lifted with one click, and the form whose question names who is meant. */
import { BanForm } from "./admin-ban-form.js";
import { duration, exact, parseTime, whole } from "./admin-format.js";
import { submitInPlace } from "./admin-forms.js";
import { live } from "./admin-live.js";
import { followQuery, showPlace } from "./admin-query.js";
import { field, isInUse, KeyedRows, setAttribute, setText } from "./admin-rows.js";

const KINDS = { ban: "ban", mute: "mute", shadow_mute: "shadow mute" };
const NOBODY = "Nobody is banned or muted. Whoever is stands here, with the reason and the time that is left.";

function showTime(time, text, label) {
  setText(time, label);
  setAttribute(time, "datetime", `${text}Z`);
  setAttribute(time, "title", exact(parseTime(text)));
}

function fill(row, ban, now) {
  const kind = field(row, "kind");
  const form = row.querySelector("[data-lift]");
  const until = field(row, "until");
  for (const name of ["whom", "reason"]) {
    setText(field(row, name), ban[name]);
    setAttribute(field(row, name), "title", ban[name]);
  }
  setText(field(row, "by"), ban.created_by);
  setText(kind, KINDS[ban.kind]);
  setAttribute(kind, "data-kind", ban.kind);
  showTime(field(row, "since"), ban.created_at, `${duration((now - parseTime(ban.created_at)) / 1000)} ago`);
  if (ban.expires_at) showTime(until, ban.expires_at, `in ${duration((parseTime(ban.expires_at) - now) / 1000)}`);
  else setText(until, "for ever");
  if (form) {
    setAttribute(form, "action", `/admin/bans/${encodeURIComponent(ban.id)}/lift`);
    setAttribute(form.querySelector("button"), "aria-label", `Lift: ${ban.whom}`);
  }
}

class BansTable {
  constructor(section) {
    this.section = section;
    this.table = section.querySelector(".table-scroll");
    this.count = field(section, "count");
    this.changes = section.querySelector("#ban-changes");
    this.empty = section.querySelector("#ban-empty");
    this.rows = new KeyedRows(section.querySelector("#ban-rows"), section.querySelector("#ban-row"), fill);
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
    this.isReleased ||= this.isExpecting;
    this.isExpecting = false;
  }

  render(now) {
    this.now = now;
    const isHeld = isInUse(this.table) && !this.isReleased;
    this.isReleased = false;
    const { added, gone } = this.rows.update(this.frame.bans, now, { isHeld });
    const parts = [added && `${whole(added)} new`, gone && `${whole(gone)} over`].filter(Boolean);
    this.changes.hidden = parts.length === 0;
    setText(this.changes, `${parts.join(", ")}: show`);
    this.#showCount();
    showPlace(this.section, this.frame.place);
  }

  #showCount() {
    const { bans_total: total, place } = this.frame;
    const words = new URLSearchParams(location.search).get("q")?.trim();
    setText(this.count, words ? `${whole(place.found)} of ${whole(total)} in force` : `${whole(total)} in force`);
    this.empty.hidden = this.table.querySelector("tbody").childElementCount > 0;
    setText(this.empty, words ? `Nothing in force fits “${words}”.` : NOBODY);
  }
}

const section = document.querySelector("#bans");
const table = new BansTable(section);
const feed = live(table);

function reload() {
  table.expect();
  feed.reload();
}

followQuery(section, reload);
table.table.addEventListener("submit", async (event) => {
  event.preventDefault();
  await submitInPlace(event.target);
  reload();
});
for (const form of section.querySelectorAll("[data-ban-form]")) new BanForm(form);
