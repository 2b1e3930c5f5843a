/** The form that starts an event: its length from a preset or a number, and a preview of what players receive. */
import { parseTime, protocolTime } from "./admin-format.js";
import { setText } from "./admin-rows.js";

/** The `global_events` message after the start: all that are active, and the new one. */
export const preview = (active, { type, value, duration }, now) => ({
  type: "global_events",
  events: [
    ...active.map(({ type, value, expires_at, id }) => ({ type, value, expires_at, id })),
    { type, value, expires_at: protocolTime(now + duration * 1000), id: "made when it starts" },
  ],
});

export class EventForm {
  /** @param {(form: HTMLFormElement) => Promise<void>} submit */
  constructor(form, submit) {
    this.form = form;
    this.number = form.querySelector("#other-number");
    this.unit = form.querySelector("#other-unit");
    this.preview = form.querySelector("#event-preview");
    this.active = [];
    form.addEventListener("input", () => this.#changed());
    form.addEventListener("formdata", ({ formData }) => formData.set("duration", String(this.duration)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(form);
    });
    this.#changed();
  }

  /** Whole seconds. */
  get duration() {
    const chosen = this.form.elements.duration.value;
    return chosen === "other" ? Math.round(this.number.valueAsNumber * Number(this.unit.value)) : Number(chosen);
  }

  receive(frame) {
    this.active = frame.events.filter((event) => event.active && parseTime(event.expires_at) > frame.server_time);
  }

  render(now) {
    this.now = now;
    const { type, value } = this.form.elements;
    const duration = this.duration || 0; // an empty number field
    const message = preview(this.active, { type: type.value.trim(), value: value.value.trim(), duration }, now);
    setText(this.preview, JSON.stringify(message, null, 2));
  }

  #changed() {
    const isOther = this.form.elements.duration.value === "other";
    this.number.disabled = this.unit.disabled = !isOther;
    this.number.required = isOther;
    if (this.now) this.render(this.now);
  }
}
