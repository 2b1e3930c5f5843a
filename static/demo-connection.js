/** Shows whether the server is there: the word in the header, how many are online, the bar while it is away. */

const STAYS_AWAY = "The server has ended this connection.";
const NO_ANSWER = "The server does not answer.";

/** Follows `tilo`, a TiloWebSocket. */
export function showConnection(tilo, byId) {
  const show = (state, word, bar = "") => {
    byId("connection").dataset.state = state;
    byId("connection-word").textContent = word;
    byId("away").dataset.shown = String(Boolean(bar));
    byId("away-text").textContent = bar;
    byId("online").parentElement.dataset.stale = String(state !== "live");
    byId("try-again").hidden = state !== "offline";
  };

  tilo.on("open", () => show("live", "live"));
  tilo.on("close", ({ willReconnect }) => !willReconnect && show("offline", "offline", STAYS_AWAY));
  tilo.on("reconnecting", ({ attempt, maxRetries }) => {
    const progress = `reconnecting (${attempt} of ${maxRetries})`;
    show("reconnecting", "reconnecting", `${progress} · play on, your score arrives later`);
  });
  tilo.on("failed", () => show("offline", "offline", NO_ANSWER));
  tilo.on("online_count", (count) => {
    byId("online").textContent = count.toLocaleString("en");
    byId("online-word").textContent = count === 1 ? "player online" : "players online";
  });
  byId("try-again").addEventListener("click", () => {
    show("connecting", "connecting", "connecting …");
    tilo.connect();
  });
}
