/** The dashboard: joins the live feed to the sections of the page. */
import { ChatLog } from "./admin-chat.js";
import { ClientsTable } from "./admin-clients.js";
import { EventForm } from "./admin-event-form.js";
import { EventList } from "./admin-events.js";
import { Feed } from "./admin-feed.js";
import { fade, submitInPlace } from "./admin-forms.js";
import { Health } from "./admin-health.js";
import { followSections } from "./admin-navigation.js";
import { Overview } from "./admin-overview.js";

const find = (selector) => document.querySelector(selector);

const health = new Health(find("#health"));
const overview = new Overview(document);
const views = [
  health,
  overview,
  new ClientsTable(find("#clients")),
  new ChatLog(find("#chat")),
  new EventList(find("#events"), submitInPlace),
  new EventForm(find("#event-form"), submitInPlace),
];

let clockOffset = null; // the server's clock against this one, in ms; unknown before the first frame
let isScheduled = false;

/** Views take a frame at once and draw at the next chance: a hidden tab draws nothing and loses nothing. */
function schedule() {
  if (isScheduled || clockOffset === null) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    for (const view of views) view.render(Date.now() + clockOffset);
  });
}

function showFeed() {
  const state = feed.state();
  health.showFeed(state);
  overview.isCut = ["stale", "reconnecting"].includes(state.name);
  schedule();
}

const feed = new Feed({
  url: new URL("/admin/feed", location.href.replace(/^http/, "ws")),
  onFrame(frame) {
    clockOffset = frame.server_time - Date.now();
    for (const view of views) view.receive(frame);
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

followSections([...document.querySelectorAll("[data-section]")]);
fade(find("#notices"));
