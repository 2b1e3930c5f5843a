/** Writes how long ago the times of a page were, and keeps that so; the exact time is shown on hover. */
import { age, exact } from "./admin-format.js";
import { setAttribute, setText } from "./admin-rows.js";

export class Times {
  /** @param {ParentNode} root  its `<time data-ago datetime="…Z">` are written */
  constructor(root) {
    this.root = root;
  }

  receive() {}

  render(now) {
    for (const element of this.root.querySelectorAll("time[data-ago][datetime]")) {
      const time = Date.parse(element.dateTime);
      setText(element, `${age((now - time) / 1000)} ago`);
      setAttribute(element, "title", exact(time));
    }
  }
}
