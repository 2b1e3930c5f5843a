/** Sends a form without leaving the page, so that charts and chat stay, and shows the notice that came of it. */
const NOTICE_MS = 10_000; // so long an action can be undone

/** Shows what the server answered, in the markup it would have used on a page of its own. */
function showNotice(notice) {
  const place = document.querySelector("#notices");
  place.replaceChildren(document.importNode(notice, true));
  place.querySelector("form[data-undo]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    submitInPlace(event.target);
  });
  fade(place);
}

/** Good news leaves by itself, unless somebody is at it; bad news stays. */
export function fade(place) {
  const notice = place.querySelector('.notice[data-level="good"]');
  if (!notice) return;
  setTimeout(() => (notice.matches(":hover, :focus-within") ? fade(place) : notice.remove()), NOTICE_MS);
}

/** Says what went wrong here rather than on the server. */
export const showFault = (text) => showNotice(localNotice(text));

function localNotice(text) {
  const notice = Object.assign(document.createElement("dialog"), { className: "notice", open: true });
  const line = Object.assign(document.createElement("p"), { textContent: text, role: "alert" });
  notice.dataset.level = "bad";
  notice.append(line);
  return notice;
}

function takeOver(page) {
  const token = page.querySelector("input[name=csrf_token]");
  for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = token.value;
  const notice = page.querySelector(".notice");
  if (notice) showNotice(notice);
}

async function send(form) {
  const body = new URLSearchParams(new FormData(form));
  const response = await fetch(form.action, { method: "POST", body });
  if (new URL(response.url).pathname === "/admin/login") location.assign(response.url);
  else if (response.ok) takeOver(new DOMParser().parseFromString(await response.text(), "text/html"));
  else showFault(`Refused (${response.status}). Load the page again and try once more.`);
}

/** @param {HTMLFormElement} form */
export async function submitInPlace(form) {
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    await send(form);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // fetch reports an unreachable server as a TypeError
    showFault("The server did not answer. Look whether it happened before you try again.");
  } finally {
    button.disabled = false;
  }
}
