/** The chat: live or found by a search, newest on top, bounded. It holds still while somebody is at it. */
import { markDeleted, RowTemplate, showTime } from "./admin-chat-row.js";
import { useLocalTimes } from "./admin-chat-search.js";
import { Announcement, SlowMode } from "./admin-chat-tools.js";
import { plural, whole } from "./admin-format.js";
import { submitInPlace } from "./admin-forms.js";
import { glide } from "./admin-glide.js";
import { live } from "./admin-live.js";
import { isInUse, setText } from "./admin-rows.js";

const KEPT = 150; // messages in the page, and messages that wait while it is held
const NEW_MS = 3_000; // how long a row that came is marked
const TOP_PIXELS = 8;
const MANY = 20; // at once fill the view: nothing in it has a new place to go to
const PIECE = 10; // messages that are added at once, so that a crowd of them does not hold the page up
const PIECE_MS = 50;

/** Why nothing moves now, or null. */
function holdOf({ isPaused, isPointedAt, isScrolled }) {
  if (isPaused) return "Paused";
  if (isPointedAt) return "Held while you are at a message";
  return isScrolled ? "Held while you read further down" : null;
}

class ChatLog {
  constructor(section) {
    this.scroller = section.querySelector(".chat-scroll");
    this.log = section.querySelector("#chat-log");
    this.template = new RowTemplate(section.querySelector("#chat-message"));
    this.pause = section.querySelector("#chat-pause");
    this.state = section.querySelector("#chat-state");
    this.empty = section.querySelector("#chat-empty");
    this.more = section.querySelector("#chat-new");
    this.older = section.querySelector("#chat-older");
    this.isSearch = "search" in section.dataset;
    this.isStill = "still" in section.dataset; // what was said later does not belong here
    this.firstState = this.state.textContent;
    this.waiting = [];
    this.newCount = 0;
    this.sampled = "";
    this.isPaused = false;
    this.isBusy = false;
    this.released = 0; // messages that were asked for while the log is held
    this.timer = null; // of the next piece
    this.ids = new Set([...this.log.children].map((row) => row.dataset.id));
    this.lastSeq = Math.max(0, ...[...this.log.children].map((row) => Number(row.dataset.seq)));
    this.lastShadow = this.log.firstElementChild?.dataset.position ?? "";
    for (const row of this.log.children) showTime(row, Date.now());
    this.pause?.addEventListener("click", () => this.#setPaused(!this.isPaused));
    this.more.addEventListener("click", () => this.#release());
    this.log.addEventListener("submit", (event) => this.#delete(event));
  }

  receive(frame) {
    for (const seq of frame.chat_deleted) this.#markDeleted(seq);
    // A frame can bring again what is here: the first one of each socket, and what shadow-muted players say.
    const isFresh = ({ seq, position, shadow }) => (shadow ? position > this.lastShadow : seq > this.lastSeq);
    const fresh = frame.chat.filter((message) => !this.ids.has(message.id) && isFresh(message));
    const heard = fresh.filter(({ shadow }) => !shadow);
    const skipped = Math.max(0, frame.chat_total - frame.chat.filter(({ shadow }) => !shadow).length);
    if (heard.length) this.lastSeq = heard.at(-1).seq;
    this.lastShadow = fresh.findLast(({ shadow }) => shadow)?.position ?? this.lastShadow;
    for (const { id } of fresh) this.ids.add(id);
    this.waiting.push(...fresh);
    this.waiting.splice(0, this.waiting.length - KEPT);
    this.isBusy = this.waiting.length >= MANY;
    this.newCount += fresh.length + skipped;
    this.sampled = skipped ? `${whole(heard.length)} of ${whole(frame.chat_total)} a second are shown` : "";
  }

  render(now) {
    const hold = holdOf({
      isPaused: this.isPaused,
      isPointedAt: isInUse(this.log),
      isScrolled: this.scroller.scrollTop > TOP_PIXELS,
    });
    if ((!hold || this.released) && this.waiting.length) this.#add(now);
    this.empty.hidden ||= this.log.childElementCount > 0 || this.waiting.length > 0;
    this.#showState(hold);
  }

  #add(now) {
    const piece = this.waiting.splice(0, PIECE);
    const rows = piece.map((message) => this.template.make(message, now)).reverse();
    this.released = Math.max(0, this.released - rows.length);
    this.log.classList.toggle("is-busy", this.isBusy);
    glide(this.isBusy ? [] : [...this.log.children], this.scroller, () => this.log.prepend(...rows));
    for (const row of rows) row.classList.add("is-new");
    setTimeout(() => rows.forEach((row) => row.classList.remove("is-new")), NEW_MS);
    this.newCount = this.waiting.length;
    if (this.newCount) this.#goOn(now + PIECE_MS);
    const isCut = this.log.childElementCount > KEPT;
    while (this.log.childElementCount > KEPT) this.#forget(this.log.lastElementChild);
    if (isCut) this.#showOlder();
  }

  #goOn(now) {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.render(now);
    }, PIECE_MS);
  }

  #forget(row) {
    this.ids.delete(row.dataset.id);
    row.remove();
  }

  /** What is older than the last row is a page of its own. */
  #showOlder() {
    const url = new URL(location.href);
    url.searchParams.set("before", this.log.lastElementChild.dataset.position);
    this.older.href = url.pathname + url.search;
    this.older.hidden = false;
  }

  #showState(hold) {
    const isWaiting = hold !== null && this.newCount > 0 && !this.isStill;
    this.more.hidden = !isWaiting;
    if (isWaiting) setText(this.more, `${whole(this.newCount)} new: show`);
    if (hold && (isWaiting || this.isPaused)) setText(this.state, hold);
    else if (this.sampled) setText(this.state, this.sampled);
    else if (this.isSearch) setText(this.state, this.firstState);
    else setText(this.state, this.#count());
  }

  #count() {
    const shown = this.log.childElementCount;
    return shown ? `The newest ${plural(shown, "message", "messages")}` : "";
  }

  #setPaused(isPaused) {
    this.isPaused = isPaused;
    this.pause.setAttribute("aria-pressed", String(isPaused));
    setText(this.pause, isPaused ? "Go on" : "Pause");
    if (isPaused) this.render(Date.now());
    else this.#release();
  }

  /** Shows what waits, and leads to it. */
  #release() {
    this.released = this.waiting.length;
    this.scroller.scrollTop = 0;
    this.render(Date.now());
  }

  #markDeleted(seq) {
    for (const message of this.waiting) if (message.seq === seq && !message.shadow) message.deleted = true;
    const row = this.log.querySelector(`[data-seq="${seq}"]:not(:has([data-field="shadow"]:not([hidden])))`);
    if (row) markDeleted(row);
  }

  async #delete(event) {
    if (event.defaultPrevented) return; // it is asked first
    event.preventDefault();
    await submitInPlace(event.target);
    const isGone = document.querySelector("#notices .notice")?.dataset.level === "good";
    if (isGone) markDeleted(event.target.closest(".message"));
  }
}

const log = new ChatLog(document.querySelector("#chat"));
useLocalTimes(document.querySelector("#chat-search"));
new Announcement(document.querySelector("#announce-form"));
live(log, new SlowMode(document.querySelector("#slow-now"), document.querySelector("#slow-form")));
