/** A table that holds still while somebody is at it: what comes and goes meanwhile waits behind a button. */
import { whole } from "./admin-format.js";
import { isInUse, KeyedRows, setText } from "./admin-rows.js";

export class HeldTable {
  /**
   * @param {Element} section  has the table's parts under `name`: `#…-rows`, the template `#…-row`, the button `#…-changes`
   * @param {(row: Element, item: {id: string}, now: number) => void} fill
   * @param {string} goneWord  what rows that went have become, e.g. "left"
   */
  constructor(section, { name, fill, goneWord }) {
    this.scroller = section.querySelector(".table-scroll");
    this.changes = section.querySelector(`#${name}-changes`);
    this.rows = new KeyedRows(section.querySelector(`#${name}-rows`), section.querySelector(`#${name}-row`), fill);
    this.goneWord = goneWord;
    this.isReleased = false;
    this.isExpecting = false;
    this.changes.addEventListener("click", () => {
      this.isReleased = true;
      this.update(this.items, this.now);
    });
  }

  /** The next frame is what somebody has asked for: it is drawn even while they point at the table. */
  expect() {
    this.isExpecting = true;
  }

  /** Returns whether the frame that has come is the one that was asked for. */
  receive() {
    const isExpected = this.isExpecting;
    this.isReleased ||= isExpected;
    this.isExpecting = false;
    return isExpected;
  }

  update(items, now) {
    this.items = items;
    this.now = now;
    const isHeld = isInUse(this.scroller) && !this.isReleased;
    this.isReleased = false;
    const { added, gone } = this.rows.update(items, now, { isHeld });
    const parts = [added && `${whole(added)} new`, gone && `${whole(gone)} ${this.goneWord}`].filter(Boolean);
    this.changes.hidden = parts.length === 0;
    setText(this.changes, `${parts.join(", ")}: show`);
  }
}
