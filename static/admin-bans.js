/** Bans: those in force with the time that is left, lifted with one click, and the form whose question names who is meant. */
import { BanForm } from "./admin-ban-form.js";
import { duration, exact, parseTime, whole } from "./admin-format.js";
import { submitInPlace } from "./admin-forms.js";
import { HeldTable } from "./admin-held-table.js";
import { live } from "./admin-live.js";
import { followQuery, showPlace } from "./admin-query.js";
import { field, setAttribute, setText } from "./admin-rows.js";

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
    this.table = new HeldTable(section, { name: "ban", fill, goneWord: "over" });
    this.count = field(section, "count");
    this.empty = section.querySelector("#ban-empty");
  }

  receive(frame) {
    this.frame = frame;
    this.table.receive();
  }

  render(now) {
    this.table.update(this.frame.bans, now);
    this.#showCount();
    showPlace(this.section, this.frame.place);
  }

  #showCount() {
    const { bans_total: total, place } = this.frame;
    const words = new URLSearchParams(location.search).get("q")?.trim();
    setText(this.count, words ? `${whole(place.found)} of ${whole(total)} in force` : `${whole(total)} in force`);
    this.empty.hidden = this.table.rows.rows.size > 0;
    setText(this.empty, words ? `Nothing in force fits “${words}”.` : NOBODY);
  }
}

const section = document.querySelector("#bans");
const bans = new BansTable(section);
const feed = live(bans);

function reload() {
  bans.table.expect();
  feed.reload();
}

followQuery(section, reload);
bans.table.scroller.addEventListener("submit", async (event) => {
  event.preventDefault();
  await submitInPlace(event.target);
  reload();
});
for (const form of section.querySelectorAll("[data-ban-form]")) new BanForm(form);
