/** The audit log: how long ago each entry was goes on while the page is open. */
import { duration } from "./admin-format.js";
import { live } from "./admin-live.js";
import { setText } from "./admin-rows.js";

class Ages {
  constructor(document) {
    this.times = [...document.querySelectorAll("time[data-age]")];
  }

  receive() {}

  render(now) {
    for (const time of this.times) setText(time, `${duration((now - Date.parse(time.dateTime)) / 1000)} ago`);
  }
}

live(new Ages(document));
