/** Rows kept in step with a list: filled in place, added and removed at once or, while somebody is about to click, later. */
import { glide } from "./admin-glide.js";

const NEW_MS = 3_000; // how long a row that came is marked

/** Writes only what changed: an untouched text node costs no layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export const field = (row, name) => row.querySelector(`[data-field="${name}"]`);

export class KeyedRows {
  /**
   * @param {Element} parent  its children are the rows, each with `data-id`; those of the first paint are adopted
   * @param {HTMLTemplateElement} template  an empty row
   * @param {(row: Element, item: {id: string}, now: number) => void} fill
   */
  constructor(parent, template, fill) {
    this.parent = parent;
    this.template = template;
    this.fill = fill;
    this.rows = new Map([...parent.children].map((row) => [row.dataset.id, row]));
    this.isFirst = true; // the rows of the first paint are not news
  }

  /** With `isHeld`, rows only change in place. Returns how many are waiting to come and to go. */
  update(items, now, { isHeld }) {
    const ids = new Set(items.map((item) => item.id));
    const gone = [...this.rows.keys()].filter((id) => !ids.has(id));
    const added = items.filter((item) => !this.rows.has(item.id));
    for (const id of gone) this.rows.get(id).classList.add("is-gone");
    if (!isHeld) {
      const isSame = this.isFirst || (gone.length === 0 && added.length === 0 && this.#isInOrder(items));
      const rearrange = () => this.#rearrange(items, gone, added);
      if (isSame) rearrange();
      else glide([...this.rows.values()], this.parent.closest(".table-scroll") ?? document.documentElement, rearrange);
      this.isFirst = false;
    }
    for (const item of items) {
      const row = this.rows.get(item.id);
      if (row) this.fill(row, item, now);
    }
    return isHeld ? { added: added.length, gone: gone.length } : { added: 0, gone: 0 };
  }

  #rearrange(items, gone, added) {
    for (const id of gone) this.#remove(id);
    for (const item of added) this.#create(item.id);
    this.#order(items);
  }

  #isInOrder(items) {
    return items.every((item, at) => this.parent.children[at]?.dataset.id === item.id);
  }

  #remove(id) {
    this.rows.get(id).remove();
    this.rows.delete(id);
  }

  #create(id) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.id = id;
    if (!this.isFirst) {
      row.classList.add("is-new");
      setTimeout(() => row.classList.remove("is-new"), NEW_MS);
    }
    this.rows.set(id, row);
  }

  #order(items) {
    let place = this.parent.firstElementChild;
    for (const item of items) {
      const row = this.rows.get(item.id);
      if (row === place) place = place.nextElementSibling;
      else this.parent.insertBefore(row, place);
    }
  }
}

/** Whether somebody points into the element or has the focus there. A tap leaves `:hover` behind, so only a mouse counts. */
export function isInUse(element) {
  const points = matchMedia("(hover: hover)").matches && element.matches(":hover");
  return points || element.matches(":focus-within");
}
