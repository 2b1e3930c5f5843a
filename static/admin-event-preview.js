/** Shows what a form of an event would bring while somebody types: the server's own answer to the very same fields. */
import { field, setText } from "./admin-rows.js";

const PAUSE_MS = 150; // between the last key and the question

function items(list, texts, fill) {
  list.replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement("li");
      fill(item, text);
      return item;
    }),
  );
}

const muted = (text) => Object.assign(document.createElement("span"), { className: "muted", textContent: text });

function showTime(item, { label, local, utc }) {
  item.append(muted(label), ` ${local} `);
  if (utc) item.append(muted(utc));
}

export class EventPreview {
  constructor(form) {
    this.form = form;
    this.place = form.querySelector("#event-preview");
    this.asked = 0;
    form.addEventListener("input", () => this.#soon());
    this.refresh();
  }

  /** Asks the server; an answer that is late and overtaken is not shown. */
  async refresh() {
    const number = ++this.asked;
    const answer = await this.#ask();
    if (number === this.asked && answer) this.#show(answer);
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), PAUSE_MS);
  }

  async #ask() {
    const body = new URLSearchParams(new FormData(this.form));
    try {
      const response = await fetch(this.form.dataset.preview, { method: "POST", body, headers: { Accept: "application/json" } });
      const isAnswer = response.headers.get("Content-Type")?.startsWith("application/json");
      return isAnswer ? await response.json() : { error: "The server did not answer this preview. Load the page again." };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch reports an unreachable server as a TypeError
      return null; // the top bar says it
    }
  }

  #show({ error = "", message = "", explanation = "", times = [], notes = [] }) {
    setText(field(this.place, "error"), error);
    for (const [name, text] of [["message", message], ["explanation", explanation]]) {
      const element = field(this.place, name);
      if (element) setText(element, text);
    }
    items(field(this.place, "times"), times, showTime);
    items(field(this.place, "notes"), notes, (item, text) => (item.textContent = text));
  }
}
