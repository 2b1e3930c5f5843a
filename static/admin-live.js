/** Keeps a page live: joins the feed of its section to the top bar and to the page's own views. */
import { Feed } from "./admin-feed.js";
import { fade } from "./admin-forms.js";
import { Health } from "./admin-health.js";

function address() {
  const url = new URL("/admin/feed", location.href.replace(/^http/, "ws"));
  for (const [name, value] of new URLSearchParams(location.search)) url.searchParams.append(name, value);
  url.searchParams.set("section", document.body.dataset.section);
  return url;
}

/**
 * Each view has `receive(frame)`, which keeps a frame, and `render(now)`, which draws it; one that wants to know how fresh
 * the feed is has `showFeed(state)` as well. A hidden tab draws nothing and loses nothing.
 *
 * @returns {{reload: () => void}}  to be called when the query of the page's address has changed
 */
export function live(...views) {
  const health = new Health(document.querySelector("#health"));
  const all = [health, ...views];
  let clockOffset = null; // the server's clock against this one, in ms; unknown before the first frame
  let isScheduled = false;

  function schedule() {
    if (isScheduled || clockOffset === null) return;
    isScheduled = true;
    requestAnimationFrame(() => {
      isScheduled = false;
      for (const view of all) view.render(Date.now() + clockOffset);
    });
  }

  function showFeed() {
    const state = feed.state();
    for (const view of all) view.showFeed?.(state);
    schedule();
  }

  const feed = new Feed({
    url: address(),
    onFrame(frame) {
      clockOffset = frame.server_time - Date.now();
      for (const view of all) view.receive(frame);
      showFeed();
    },
    onCut: showFeed,
    onSessionEnd: () => location.assign("/admin/login"),
  });

  feed.open();
  setInterval(() => {
    feed.check();
    showFeed();
  }, 1000);
  fade(document.querySelector("#notices"));
  return { reload: () => feed.reopen(address()) };
}
