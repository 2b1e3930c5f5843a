/** The top bar: how fresh the figures are, who is online, database and Redis. */
import { whole } from "./admin-format.js";
import { field, setAttribute, setText } from "./admin-rows.js";

export class Health {
  constructor(bar) {
    this.feedState = bar.querySelector("#feed-state");
    this.online = field(bar, "online");
    this.parts = [...bar.querySelectorAll("[data-part]")];
  }

  receive(frame) {
    this.frame = frame;
  }

  render() {
    setText(this.online, whole(this.frame.online));
    for (const part of this.parts) {
      const state = this.frame[part.dataset.part];
      setAttribute(part, "data-state", state);
      setText(field(part, "word"), state);
    }
  }

  /** @param {{name: string, seconds?: number}} state  of the feed */
  showFeed({ name, seconds }) {
    setText(field(this.feedState, "word"), name === "stale" ? `stale ${seconds} s` : name);
    setAttribute(document.body, "data-feed", name);
    setAttribute(this.feedState, "data-state", name);
  }
}
