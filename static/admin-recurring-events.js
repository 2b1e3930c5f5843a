/** Recurring events: the form, and when what it asks for would come. */
import { prepareZone, sendOnce } from "./admin-event-form.js";
import { EventPreview } from "./admin-event-preview.js";
import { live } from "./admin-live.js";

const form = document.querySelector("#event-form"); // only for who may add one
if (form) {
  prepareZone(form);
  sendOnce(form);
  new EventPreview(form);
}
live();
