/** The demo page: joins the game, the chat, the banner and the board to one server through the client library. */

import { Arcade } from "./demo-arcade.js";
import { Board } from "./demo-board.js";
import { Bonus } from "./demo-bonus.js";
import { Chat } from "./demo-chat.js";
import { showConnection } from "./demo-connection.js";
import { ROUND_SECONDS } from "./demo-game.js";
import { Player } from "./demo-player.js";
import { prepareSnippet } from "./demo-snippet.js";

const SCORE_INTERVAL_MS = 2000;
const HISTORY = 50;
const TOP = 10;
// What the server says of the others (a field, a filtered word) is said best in its own words.
const KIND_WORDS = {
  given_up: "The server did not take this in time: please send it again.",
  muted: "You are muted for now, so nobody saw this.",
  queue_full: "Too much is waiting already: this was not sent.",
};

const byId = (id) => document.getElementById(id);
const inEnglish = (number) => number.toLocaleString("en");

const tilo = new TiloWebSocket({ history: HISTORY });
const player = new Player();
const board = new Board(byId("board-rows"), byId("board-empty"));
const chat = new Chat({ byId, send: say, isOwn: (nickname) => nickname === player.nickname });
const bonus = new Bonus({ byId, onStart: (text) => arcade.announce(`${text}!`) });
const arcade = new Arcade({ byId, multiplier: () => bonus.factor, typing: () => chat.typing, onEnd: finishRound });

function say(text) {
  tilo.sendChat(player.nickname, text).catch((refusal) => chat.giveBack(text, inKindWords(refusal)));
  if (!tilo.connected) chat.tell("Not connected. It is sent as soon as the server is back.");
}

function inKindWords({ code, message }) {
  return KIND_WORDS[code] ?? message;
}

function survived({ elapsed }) {
  return Math.min(ROUND_SECONDS, Math.floor(elapsed));
}

function reportScore() {
  tilo
    .updateScore(player.email, arcade.round.score, survived(arcade.round), player.nickname)
    .catch((refusal) => chat.tell(`Your score was not taken. ${inKindWords(refusal)}`));
}

function finishRound(round) {
  reportScore();
  const best = player.keepBest(round.score);
  const seconds = survived(round);
  byId("result-title").textContent = best ? "New best" : seconds < ROUND_SECONDS ? "Round over" : "Time!";
  byId("result-score").textContent = inEnglish(round.score);
  const shards = round.collected === 1 ? "1 shard" : `${round.collected} shards`;
  byId("result-detail").textContent = `${shards} in ${seconds} s`;
  showPlayer();
}

function showPlayer() {
  byId("nickname").value = player.nickname;
  byId("best").textContent = inEnglish(player.best);
}

function watchBoard() {
  tilo.getLeaderboard(TOP, { watch: true });
}

tilo.on("chat", (message) => chat.add(message));
tilo.on("chat_deleted", ({ id }) => chat.remove(id));
tilo.on("announcement", ({ message }) => chat.announce(message));
tilo.on("gap", () => chat.addGap());
tilo.on("global_events", (events) => bonus.take(events));
tilo.on("leaderboard", ({ entries }) => board.show(entries, player.nickname));
showConnection(tilo, byId);

byId("nickname").addEventListener("change", ({ target }) => {
  player.rename(target.value);
  showPlayer();
  watchBoard();
});
setInterval(() => arcade.playing && !document.hidden && reportScore(), SCORE_INTERVAL_MS);

showPlayer();
prepareSnippet(byId);
tilo.connect();
watchBoard();
