/** What a form of an event does by itself: the fields that a choice needs, and the time zone of whoever sits there. */

/** Chooses the browser's zone where nobody has chosen another one; links that fill the form are about the form's zone. */
export function prepareZone(form) {
  const select = form.elements.zone;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isOurs = "default" in select.dataset && select.selectedOptions[0]?.defaultSelected; // who is quick has chosen already
  if (isOurs && [...select.options].some((option) => option.value === own)) select.value = own;
  document.addEventListener("click", ({ target }) => {
    const link = target.closest?.("a[data-in-zone]");
    if (link) link.href = withZone(link.href, select.value);
  });
}

export function withZone(address, zone) {
  const url = new URL(address, location.href);
  url.searchParams.set("zone", zone);
  return url.href;
}

/** Fields below `data-when="start=at"` are there only while that is chosen. */
export function prepareChoices(form) {
  const button = form.querySelector("#event-submit");
  const isChange = "change" in form.elements;
  const show = () => {
    for (const part of form.querySelectorAll("[data-when]")) {
      const [name, value] = part.dataset.when.split("=");
      part.hidden = form.elements[name].value !== value;
      for (const input of part.querySelectorAll("input, select")) {
        input.disabled = part.hidden;
        input.required = !part.hidden;
      }
    }
    if (!isChange) button.textContent = form.elements.start.value === "at" ? "Plan it" : "Start now";
  };
  form.addEventListener("input", show);
  show();
}

/** A second press of the button is not a second event. */
export function sendOnce(form) {
  form.addEventListener("submit", () => setTimeout(() => (form.querySelector("#event-submit").disabled = true)));
  addEventListener("pageshow", () => (form.querySelector("#event-submit").disabled = false));
}
