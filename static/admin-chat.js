/** The live chat: text only, pausable, bounded. Follows the newest message while the reader is at the end. */
import { clock, exact, parseTime, plural, whole } from "./admin-format.js";
import { live } from "./admin-live.js";
import { field, setText } from "./admin-rows.js";

const KEPT = 300; // messages in the page, and messages that wait while paused
const NEAR_END_PIXELS = 40;

class ChatLog {
  constructor(section) {
    this.scroller = section.querySelector(".chat-scroll");
    this.log = section.querySelector("#chat-log");
    this.template = section.querySelector("#chat-message");
    this.pause = section.querySelector("#chat-pause");
    this.state = section.querySelector("#chat-state");
    this.empty = section.querySelector("#chat-empty");
    this.newest = section.querySelector("#chat-newest");
    this.waiting = [];
    this.isPaused = false;
    this.lastSeq = Math.max(0, ...[...this.log.children].map((row) => Number(row.dataset.seq)));
    this.pause.addEventListener("click", () => this.#setPaused(!this.isPaused));
    this.newest.addEventListener("click", () => this.#toEnd());
    this.scroller.addEventListener("scroll", () => this.#showNewest(), { passive: true });
    this.#localise();
    this.#toEnd();
  }

  receive(frame) {
    if (frame.chat_skipped) this.waiting.push({ skipped: frame.chat_skipped });
    // A reconnected feed starts with the last 50 again.
    const fresh = frame.chat.filter((message) => message.seq > this.lastSeq);
    if (fresh.length) this.lastSeq = fresh.at(-1).seq;
    this.waiting.push(...fresh);
    this.waiting.splice(0, this.waiting.length - KEPT);
  }

  render() {
    if (!this.isPaused && this.waiting.length) this.#append();
    const isEmpty = this.log.childElementCount === 0;
    this.empty.hidden = !isEmpty || this.waiting.length > 0;
    this.#showState();
  }

  #append() {
    const follows = this.#isAtEnd();
    this.log.append(...this.waiting.map((entry) => (entry.skipped ? this.#gap(entry) : this.#message(entry))));
    this.waiting = [];
    while (this.log.childElementCount > KEPT) this.log.firstElementChild.remove();
    if (follows) this.#toEnd();
    else this.#showNewest();
  }

  #message({ seq, nickname, message, timestamp }) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.seq = seq;
    field(row, "nickname").textContent = nickname;
    field(row, "message").textContent = message;
    field(row, "time").dateTime = `${timestamp}Z`;
    this.#showTime(row);
    return row;
  }

  #gap({ skipped }) {
    return Object.assign(document.createElement("li"), {
      className: "gap",
      textContent: `sampled, ${whole(skipped)} not shown`,
    });
  }

  /** The first paint wrote UTC; from here on times are the moderator's own. */
  #localise() {
    for (const row of this.log.children) this.#showTime(row);
  }

  #showTime(row) {
    const element = field(row, "time");
    const time = parseTime(element.dateTime.slice(0, -1));
    element.textContent = clock(time);
    element.title = exact(time);
  }

  #setPaused(isPaused) {
    this.isPaused = isPaused;
    this.pause.setAttribute("aria-pressed", String(isPaused));
    this.render();
  }

  #showState() {
    const shown = this.log.querySelectorAll(".message").length;
    const waiting = this.waiting.filter((entry) => !entry.skipped).length;
    const last = shown ? `The last ${plural(shown, "message", "messages")}` : "";
    setText(this.state, this.isPaused ? `Paused, ${plural(waiting, "message waits", "messages wait")}` : last);
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS;
  }

  #toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#showNewest();
  }

  #showNewest() {
    this.newest.hidden = this.#isAtEnd();
  }
}

live(new ChatLog(document.querySelector("#chat")));
