/** Compiles, and only where an error is expected it is one. Never run. */
import TiloWebSocket = require("../../static/websocket-client");

const ws = new TiloWebSocket({ maxRetries: 3, history: 50, getToken: async () => "a token", queueLimit: 10, storageKey: "tilo" });
const options: TiloWebSocket.Options = { token: "a token", queueAgeMs: 1000 };
new TiloWebSocket(options);
new TiloWebSocket();

const unsubscribe: () => void = ws.on("chat", ({ nickname, message, seq, id, date }) => {
  const text: string = `${nickname}: ${message} ${id} ${date.toISOString()}`;
  const number: number = seq;
});
unsubscribe();
ws.on("online_count", (count) => count.toFixed());
ws.on("global_events", (events) => events.map(({ value, expiresAt }) => value + expiresAt.getTime()));
ws.on("leaderboard", ({ entries }) => entries.map(({ rank, survival_time }) => rank + survival_time));
ws.on("gap", ({ after }) => after.toFixed());
ws.on("close", ({ code, reason, willReconnect }) => [code.toFixed(), reason, willReconnect === true]);
ws.on("open", () => {});
ws.on("a type that is yet to come", (message) => message.anything);
ws.off("error", () => {});
const type: string = "any";
ws.on(type, (message) => message.anything);

ws.connect();
ws.connect("wss://game.test/ws");
ws.connect(new URL("wss://game.test/ws"));
ws.getEvents();
ws.getLeaderboard(10, { watch: true });
const connected: boolean = ws.connected;
ws.disconnect();

async function play(): Promise<void> {
  const { seq, id } = await ws.sendChat("Tilo", "Hello!");
  const stored: [number, string] = [seq, id];
  await ws.updateScore("a@b.c", 1, 2, "Tilo");
  await ws.sendChat("Tilo", "Hello!").catch(({ code, retryAfter }: TiloWebSocket.Refusal) => [code, retryAfter?.toFixed()]);
}

// @ts-expect-error: a number is no nickname
ws.sendChat(7, "Hello!");
// @ts-expect-error: the survival time is missing
ws.updateScore("a@b.c", 1);
// @ts-expect-error: the count is a number
ws.on("online_count", (count: string) => count);
// @ts-expect-error: there is no such option
new TiloWebSocket({ retries: 3 });
// @ts-expect-error: it is read only
ws.connected = true;
