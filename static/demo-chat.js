/** The chat beside the field: what everybody says, as text and nothing else, and the line to write in. */

const MOST_MESSAGES = 200;
const NEAR_END_PIXELS = 40;
const NOTE_MS = 7000;
const COLOURS = 6; // name-0 … name-5 in demo-chat.css

/** The same name has the same colour on every screen. */
function colourOf(nickname) {
  let sum = 0;
  for (const character of nickname) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return sum % COLOURS;
}

const timeOf = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Whether a message of `nickname` below `item` goes on what the same player said there. */
const follows = (nickname, item) => item?.dataset.nickname === nickname;

export class Chat {
  /** `send(text)` sends a message; `isOwn(nickname)` tells whose a message is. */
  constructor({ byId, send, isOwn }) {
    this.log = byId("chat-log");
    this.list = byId("chat-list");
    this.empty = byId("chat-empty");
    this.input = byId("chat-input");
    this.newer = byId("chat-newer");
    this.note = byId("chat-note");
    this.isOwn = isOwn;
    byId("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    this.log.addEventListener("scroll", () => this.#atEnd() && (this.newer.hidden = true));
    this.newer.addEventListener("click", () => this.#toEnd());
    new ResizeObserver(() => this.newer.hidden && this.#toEnd()).observe(this.log);
  }

  get typing() {
    return document.activeElement === this.input;
  }

  add({ id, nickname, message, date }) {
    const atEnd = this.#atEnd();
    const own = this.isOwn(nickname);
    this.#append(this.#item({ id, nickname, message, date, own }));
    if (atEnd || own) this.#toEnd();
    else this.newer.hidden = false;
  }

  /** Takes a message off the screen; the one after it shows its writer, if that was said above. */
  remove(id) {
    const item = [...this.list.children].find((candidate) => candidate.dataset.id === id);
    const next = item?.nextElementSibling;
    item?.remove();
    if (next) next.classList.toggle("again", follows(next.dataset.nickname, next.previousElementSibling));
    this.empty.hidden = this.list.children.length > 0;
  }

  /** A line where messages are missing. */
  addGap() {
    this.#append(element("li", "chat-gap", "Some messages are missing here"));
  }

  /** What an admin says to everybody. */
  announce(text) {
    const atEnd = this.#atEnd();
    const item = element("li", "announcement", "");
    const said = element("p", "", text);
    said.dir = "auto";
    item.append(element("strong", "", "Announcement"), said);
    this.#append(item);
    if (atEnd) this.#toEnd();
    else this.newer.hidden = false;
  }

  /** A line for the writer alone, gone after a while. */
  tell(text) {
    this.note.textContent = text;
    clearTimeout(this.noteTimer);
    this.noteTimer = setTimeout(() => (this.note.textContent = ""), NOTE_MS);
  }

  /** Tells why a message was not taken, and gives it back to be sent again. */
  giveBack(text, reason) {
    this.tell(reason);
    if (!this.input.value) this.input.value = text;
  }

  #submit(send) {
    const text = this.input.value.normalize("NFC").trim();
    if (!text) return;
    this.input.value = "";
    send(text);
  }

  #append(item) {
    this.empty.hidden = true;
    this.list.append(item);
    while (this.list.children.length > MOST_MESSAGES) this.list.firstElementChild.remove();
  }

  #item({ id, nickname, message, date, own }) {
    const item = element("li", own ? "message own" : "message", "");
    Object.assign(item.dataset, { id, nickname });
    item.classList.toggle("again", follows(nickname, this.list.lastElementChild));
    const head = element("p", "message-head", "");
    const name = element("bdi", `message-name name-${colourOf(nickname)}`, nickname);
    head.append(name, element("time", "message-time", timeOf(date)));
    if (own) head.prepend(element("span", "message-you", "you"));
    const text = element("p", "message-text", message);
    text.dir = "auto";
    item.append(head, text);
    return item;
  }

  #atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END_PIXELS;
  }

  #toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.newer.hidden = true;
  }
}
