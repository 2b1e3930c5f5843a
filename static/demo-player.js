/** Who plays in this browser: a made-up name and address, remembered, and the best score under that name. */

const KEY = "tilo-demo-player";
const MOODS = ["Brisk", "Calm", "Clever", "Cosy", "Daring", "Gentle", "Jolly", "Lucky", "Merry", "Sunny", "Swift"];
const ANIMALS = ["Badger", "Beaver", "Falcon", "Fox", "Hare", "Heron", "Lynx", "Magpie", "Otter", "Puffin", "Seal"];

const pick = (list) => list[Math.floor(Math.random() * list.length)];

/** Not `crypto.randomUUID`: a page opened by plain HTTP from another machine does not have it. */
function madeUpAddress() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}@demo.invalid`;
}

const madeUpName = () => `${pick(MOODS)} ${pick(ANIMALS)} ${10 + Math.floor(Math.random() * 90)}`;

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is closed to this page, or holds something else: a new player
  }
}

export class Player {
  constructor() {
    const { nickname, email, best } = remembered();
    this.nickname = nickname || madeUpName();
    this.email = email || madeUpAddress();
    this.best = Number(best) || 0;
    this.#remember();
  }

  /** A new name is a new player on the board: without a token the server never renames the owner of a score. */
  rename(wanted) {
    const nickname = wanted.normalize("NFC").trim();
    if (!nickname || nickname === this.nickname) return;
    this.nickname = nickname;
    this.email = madeUpAddress();
    this.best = 0;
    this.#remember();
  }

  /** Returns whether `score` beats everything so far. */
  keepBest(score) {
    if (score <= this.best) return false;
    this.best = score;
    this.#remember();
    return true;
  }

  #remember() {
    try {
      localStorage.setItem(KEY, JSON.stringify({ nickname: this.nickname, email: this.email, best: this.best }));
    } catch {
      // storage is closed to this page: the player lasts as long as the page
    }
  }
}
