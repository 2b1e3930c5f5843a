/** The search's times: in the address they are UTC, in the fields the moderator's own. */
const two = (number) => String(number).padStart(2, "0");

function localText(utcText) {
  const time = new Date(`${utcText}Z`);
  if (Number.isNaN(time.getTime())) return "";
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

const utcText = (localText) => new Date(localText).toISOString().slice(0, 16);

/** @param {HTMLFormElement} form */
export function useLocalTimes(form) {
  const fields = [...form.querySelectorAll("input[type=datetime-local]")];
  for (const input of fields) if (input.value) input.value = localText(input.value);
  for (const hint of form.querySelectorAll("[data-utc]")) hint.hidden = true;
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
    for (const { name, value } of fields) if (value) formData.set(name, utcText(value));
  });
}
