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

const timeOf = (timestamp) => new Date(`${timestamp}Z`).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

export class Chat {
  /** `send(text)` sends a message; `isOwn(nickname)` tells whose a message is. */
  constructor({ byId, send, isOwn }) {
    this.list = byId("chat-log");
    this.empty = byId("chat-empty");
    this.input = byId("chat-input");
    this.newer = byId("chat-newer");
    this.note = byId("chat-note");
    this.isOwn = isOwn;
    this.lastNickname = null;
    this.unheard = null; // the newest message sent that has not come back
    byId("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    this.list.addEventListener("scroll", () => this.#atEnd() && (this.newer.hidden = true));
    this.newer.addEventListener("click", () => this.#toEnd());
    new ResizeObserver(() => this.newer.hidden && this.#toEnd()).observe(this.list);
  }

  get typing() {
    return document.activeElement === this.input;
  }

  add({ nickname, message, timestamp }) {
    const follows = this.#atEnd();
    const own = this.isOwn(nickname);
    if (own && message === this.unheard) this.unheard = null;
    this.empty.hidden = true;
    this.list.append(this.#item({ nickname, message, timestamp, own }));
    while (this.list.children.length > MOST_MESSAGES) this.list.firstElementChild.remove();
    if (follows || own) this.#toEnd();
    else this.newer.hidden = false;
  }

  /** A line for the writer alone, gone after a while. */
  tell(text) {
    this.note.textContent = text;
    clearTimeout(this.noteTimer);
    this.noteTimer = setTimeout(() => (this.note.textContent = ""), NOTE_MS);
  }

  /** Tells why a message was not taken, and gives it back to be sent again. */
  refuse(reason) {
    this.tell(reason);
    if (this.unheard !== null && !this.input.value) this.input.value = this.unheard;
    this.unheard = null;
  }

  #submit(send) {
    const text = this.input.value.normalize("NFC").trim();
    if (!text) return;
    this.unheard = text;
    this.input.value = "";
    send(text);
  }

  #item({ nickname, message, timestamp, own }) {
    const item = element("li", own ? "message own" : "message", "");
    item.classList.toggle("again", nickname === this.lastNickname);
    this.lastNickname = nickname;
    const head = element("p", "message-head", "");
    const name = element("bdi", `message-name name-${colourOf(nickname)}`, nickname);
    head.append(name, element("time", "message-time", timeOf(timestamp)));
    if (own) head.prepend(element("span", "message-you", "you"));
    const text = element("p", "message-text", message);
    text.dir = "auto";
    item.append(head, text);
    return item;
  }

  #atEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PIXELS;
  }

  #toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
    this.newer.hidden = true;
  }
}
