/** Events: what runs and what is planned with its countdown, and the question before one is ended. */
import { EventForm } from "./admin-event-form.js";
import { countdown, eventTitle, exact, moment, parseTime, plural } from "./admin-format.js";
import { submitInPlace } from "./admin-forms.js";
import { live } from "./admin-live.js";
import { field, KeyedRows, setAttribute, setText } from "./admin-rows.js";

const question = (title, online) =>
  `End ${title} now? ${online ? `${plural(online, "player sees", "players see")} it.` : "Nobody is connected."}`;

function fill(row, event, now) {
  const startsAt = parseTime(event.starts_at);
  const expiresAt = parseTime(event.expires_at);
  const next = event.active ? expiresAt : startsAt;
  const time = field(row, "moment");
  const form = row.querySelector("form");
  const title = eventTitle(event.type, event.value);
  setAttribute(row, "data-state", event.active ? "active" : "planned");
  setText(field(row, "state"), event.active ? "active" : "planned");
  setText(field(row, "title"), title);
  setText(field(row, "countdown"), countdown(next - now));
  setText(field(row, "until"), event.active ? "ends" : "starts");
  setText(time, moment(next, now));
  setAttribute(time, "datetime", `${event.active ? event.expires_at : event.starts_at}Z`);
  setAttribute(time, "title", exact(next));
  if (form) {
    setAttribute(form, "action", `/admin/events/${encodeURIComponent(event.id)}/end`);
    setAttribute(form.querySelector("button"), "aria-label", `End ${title}`);
  }
  showRest(row, (expiresAt - now) / (expiresAt - startsAt));
}

function showRest(row, rest) {
  const width = 100 * Math.min(1, Math.max(0, rest));
  setAttribute(row.querySelector(".event-bar rect"), "width", width.toFixed(1));
}

class EventList {
  /** @param {(form: HTMLFormElement) => Promise<void>} submit */
  constructor(section, submit) {
    this.list = section.querySelector("#event-rows");
    this.empty = section.querySelector("#event-empty");
    this.dialog = section.querySelector("#end-question");
    this.text = section.querySelector("#end-question-text");
    this.submit = submit;
    this.online = 0;
    this.events = [];
    this.rows = new KeyedRows(this.list, section.querySelector("#event-row"), fill);
    this.list.addEventListener("submit", (event) => this.#ask(event));
    this.dialog.addEventListener("close", () => this.#answer());
  }

  receive(frame) {
    this.events = frame.events;
    this.online = frame.online;
  }

  render(now) {
    // Never held back: the question names the event, so a row that moved cannot be ended by mistake.
    this.rows.update(this.events, now, { isHeld: false });
    this.empty.hidden = this.list.childElementCount > 0;
  }

  #ask(submit) {
    submit.preventDefault();
    this.form = submit.target;
    const title = field(this.form.closest(".event"), "title").textContent;
    this.text.textContent = question(title, this.online);
    this.dialog.returnValue = "keep"; // Escape leaves the old answer behind
    this.dialog.showModal();
  }

  #answer() {
    if (this.dialog.returnValue === "end") this.submit(this.form);
  }
}

const form = document.querySelector("#event-form"); // only for who may start one
const views = [new EventList(document.querySelector("#events"), submitInPlace)];
if (form) views.push(new EventForm(form, submitInPlace));
live(...views);
