/** A message of the chat as a row: text only, whoever wrote it. */
import { exact, moment, parseTime } from "./admin-format.js";
import { field } from "./admin-rows.js";

export class RowTemplate {
  /** @param {HTMLTemplateElement} template  an empty row, with the actions that this admin may take */
  constructor(template) {
    this.template = template;
  }

  make({ seq, id, position, nickname, email, message, timestamp, deleted, shadow, only, mute }, now) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    Object.assign(row.dataset, { seq, id, position });
    name(row, "nickname", nickname);
    name(row, "email", email ?? "");
    field(row, "message").textContent = message;
    field(row, "shadow").hidden = !shadow;
    field(row, "time").dateTime = `${timestamp}Z`;
    showTime(row, now);
    link(row, "only", only, `Only messages of ${nickname}`);
    link(row, "mute", mute, `Mute ${nickname}`);
    const form = row.querySelector("form");
    if (form) {
      form.action = `/admin/chat/${seq}/delete`;
      form.hidden = shadow;
      form.dataset.confirm = `Delete this message of ${nickname}? It vanishes from all players’ screens, for good.`;
      form.querySelector("button").setAttribute("aria-label", `Delete the message of ${nickname}`);
    }
    if (deleted) markDeleted(row);
    return row;
  }
}

function name(row, fieldName, text) {
  field(row, fieldName).textContent = text;
  field(row, fieldName).title = text;
}

function link(row, fieldName, href, label) {
  const element = field(row, fieldName);
  if (!element) return; // not for this role
  element.href = href;
  element.setAttribute("aria-label", label);
}

/** The first paint wrote UTC; the script writes the moderator's own time. */
export function showTime(row, now) {
  const element = field(row, "time");
  const time = parseTime(element.dateTime.slice(0, -1));
  element.textContent = moment(time, now);
  element.title = exact(time);
}

/** The row keeps its height, so that no other one moves. */
export function markDeleted(row) {
  if (row.classList.contains("is-deleted")) return;
  row.style.minHeight = `${row.offsetHeight}px`;
  row.classList.add("is-deleted");
  field(row, "message").textContent = "deleted";
  const form = row.querySelector("form");
  if (!form) return;
  const hadFocus = form.contains(document.activeElement);
  form.hidden = true;
  if (hadFocus) field(row, "only").focus();
}
