/** What is done to the whole chat: an announcement, with its preview, and slow mode. */
import { whole } from "./admin-format.js";
import { submitInPlace } from "./admin-forms.js";
import { setAttribute, setText } from "./admin-rows.js";

/** As the server makes it fit to be shown: one line, without blanks around it. */
const cleaned = (text) => text.normalize("NFC").replaceAll(/[\t\n\v\f\r\x85\u2028\u2029]+/g, " ").trim();

const wasGood = () => document.querySelector("#notices .notice")?.dataset.level === "good";

export class Announcement {
  /** @param {HTMLFormElement | null} form  not there for who may not speak */
  constructor(form) {
    if (!form) return;
    this.form = form;
    this.text = form.querySelector("textarea");
    this.longest = Number(this.text.dataset.longest);
    this.count = form.querySelector("#announcement-count");
    this.preview = form.querySelector("#announcement-preview p");
    this.text.addEventListener("input", () => this.#show());
    form.addEventListener("submit", (event) => this.#send(event));
    this.#show();
  }

  #show() {
    const text = cleaned(this.text.value);
    const length = [...text].length; // code points, as the server counts
    const isTooLong = length > this.longest;
    setText(this.count, `${whole(length)} of ${whole(this.longest)} characters`);
    this.count.classList.toggle("is-bad", isTooLong);
    this.text.setCustomValidity(isTooLong ? `At most ${whole(this.longest)} characters.` : "");
    this.preview.classList.toggle("muted", !text);
    setText(this.preview, text || "Nothing written yet");
  }

  async #send(event) {
    if (event.defaultPrevented) return;
    event.preventDefault();
    await submitInPlace(this.form);
    if (!wasGood()) return;
    this.text.value = "";
    this.#show();
  }
}

export class SlowMode {
  /** The form is null for who may not change it. */
  constructor(now, form) {
    this.now = now;
    this.input = form?.querySelector("input[type=number]");
    form?.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      submitInPlace(form);
    });
  }

  receive({ slow_mode: seconds }) {
    const isChanged = this.seconds !== undefined && this.seconds !== seconds;
    this.seconds = seconds;
    if (isChanged && this.input && document.activeElement !== this.input) this.input.value = seconds;
  }

  render() {
    setText(this.now, this.seconds ? `${this.seconds} s` : "off");
    setAttribute(this.now, "data-on", String(this.seconds > 0));
  }
}
