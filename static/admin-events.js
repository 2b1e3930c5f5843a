/** Events: what runs and what is planned with its countdown, what was, and the form with its preview. */
import { prepareChoices, prepareZone, sendOnce, withZone } from "./admin-event-form.js";
import { EventPreview } from "./admin-event-preview.js";
import { countdown, eventTitle, exact, moment, parseTime, plural } from "./admin-format.js";
import { submitInPlace } from "./admin-forms.js";
import { live } from "./admin-live.js";
import { field, KeyedRows, setAttribute, setText } from "./admin-rows.js";

const UTC_CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

function question(event, title, online) {
  if (!event.active) return `Withdraw ${title}? It has not started, and nobody sees it.`;
  return `End ${title} now? ${online ? `${plural(online, "player sees", "players see")} it.` : "Nobody is connected."}`;
}

function fillActions(row, event, title, online) {
  const form = row.querySelector("form");
  if (!form) return; // somebody who only looks
  const verb = event.active ? "End" : "Withdraw";
  const zone = document.querySelector("#event-zone").value;
  const seconds = (parseTime(event.expires_at) - parseTime(event.starts_at)) / 1000;
  const clone = new URLSearchParams({ type: event.type, value: event.value, duration: seconds });
  setAttribute(form, "action", `/admin/events/${encodeURIComponent(event.id)}/end`);
  setAttribute(form, "data-confirm", question(event, title, online));
  setAttribute(form.querySelector("button"), "aria-label", `${verb} ${title}`);
  setText(field(row, "end"), verb);
  for (const [name, query] of [["change", `change=${encodeURIComponent(event.id)}`], ["clone", clone]]) {
    const link = row.querySelector(`[data-link=${name}]`);
    setAttribute(link, "href", withZone(`/admin/events?${query}#event-form`, zone));
    setAttribute(link, "aria-label", `${name === "change" ? "Change" : "Clone"} ${title}`);
  }
}

function fill(row, { event, online }, now) {
  const startsAt = parseTime(event.starts_at);
  const expiresAt = parseTime(event.expires_at);
  const next = event.active ? expiresAt : startsAt;
  const time = field(row, "moment");
  const title = eventTitle(event.type, event.value);
  setAttribute(row, "data-state", event.active ? "active" : "planned");
  setText(field(row, "state"), event.active ? "active" : "planned");
  setText(field(row, "title"), title);
  setText(field(row, "countdown"), countdown(next - now));
  setText(field(row, "until"), event.active ? "ends" : "starts");
  setText(time, moment(next, now));
  setAttribute(time, "datetime", `${event.active ? event.expires_at : event.starts_at}Z`);
  setAttribute(time, "title", exact(next));
  setText(field(row, "utc"), `, ${UTC_CLOCK.format(next)} UTC`);
  fillActions(row, event, title, online);
  showRest(row, (expiresAt - now) / (expiresAt - startsAt));
}

function showRest(row, rest) {
  const width = 100 * Math.min(1, Math.max(0, rest));
  setAttribute(row.querySelector(".event-bar rect"), "width", width.toFixed(1));
}

class EventList {
  /** `changed()` is called when an event has come, gone or become another. */
  constructor(section, changed) {
    this.list = section.querySelector("#event-rows");
    this.empty = section.querySelector("#event-empty");
    this.changed = changed;
    this.rows = new KeyedRows(this.list, section.querySelector("#event-row"), fill);
    this.last = null;
    this.list.addEventListener("submit", (event) => {
      event.preventDefault();
      submitInPlace(event.target);
    });
  }

  receive(frame) {
    this.items = frame.events.map((event) => ({ id: event.id, event, online: frame.online }));
    const state = JSON.stringify(frame.events);
    if (this.last !== null && state !== this.last) this.changed();
    this.last = state;
  }

  render(now) {
    // Never held back: the question names the event, so a row that moved cannot be ended by mistake.
    this.rows.update(this.items, now, { isHeld: false });
    this.empty.hidden = this.list.childElementCount > 0;
  }
}

function showLocalTimes(place) {
  for (const time of place.querySelectorAll("time[data-moment]")) {
    const at = Date.parse(time.dateTime);
    time.textContent = moment(at, Date.now());
    time.title = `${exact(at)}, ${time.title}`;
  }
}

/** What is over is on the page as the server wrote it: fetched again when an event has ended. */
async function refreshPast() {
  const before = new URLSearchParams(location.search).get("before");
  const address = before ? `/admin/events?${new URLSearchParams({ before })}` : "/admin/events";
  const response = await fetch(address).catch(() => null); // the top bar says that the server is away
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("#past-events");
  if (!fresh) return; // logged out meanwhile
  document.querySelector("#past-events").replaceWith(fresh);
  showLocalTimes(fresh);
}

const form = document.querySelector("#event-form"); // only for who may start one
let preview = null;
if (form) {
  prepareZone(form);
  prepareChoices(form);
  sendOnce(form);
  preview = new EventPreview(form);
  // An event that starts now ends a second later with every second.
  setInterval(() => document.hidden || form.elements.start.value === "at" || preview.refresh(), 1000);
}
showLocalTimes(document);
live(
  new EventList(document.querySelector("#events"), () => {
    preview?.refresh();
    refreshPast();
  }),
);
