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
const BOARD_INTERVAL_MS = 4000;
const BOARD_AFTER_ROUND_MS = 400; // by then the last score is stored
const TOP = 10;
// What the server says of the others (a field, a filtered word) is said best in its own words.
const KIND_WORDS = {
  rate_limited: "A little slower, please: try again in a moment.",
  busy: "The server is busy: please try again in a moment.",
  muted: "You are muted for now, so nobody saw this.",
  queue_full: "Too much is waiting already: this was not sent.",
};
const SHOWN_ELSEWHERE = new Set(["connection_failed"]);

const byId = (id) => document.getElementById(id);
const inEnglish = (number) => number.toLocaleString("en");

const tilo = new TiloWebSocket();
const player = new Player();
const board = new Board(byId("board-rows"), byId("board-empty"));
const chat = new Chat({ byId, send: say, isOwn: (nickname) => nickname === player.nickname });
const bonus = new Bonus({ byId, onStart: (text) => arcade.announce(`${text}!`) });
const arcade = new Arcade({ byId, multiplier: () => bonus.factor, typing: () => chat.typing, onEnd: finishRound });

function say(text) {
  tilo.sendChat(player.nickname, text);
  if (!tilo.connected) chat.tell("Not connected. It is sent as soon as the server is back.");
}

function survived({ elapsed }) {
  return Math.min(ROUND_SECONDS, Math.floor(elapsed));
}

function reportScore() {
  tilo.updateScore(player.email, arcade.round.score, survived(arcade.round), player.nickname);
}

function finishRound(round) {
  reportScore();
  setTimeout(askForBoard, BOARD_AFTER_ROUND_MS);
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

function askForBoard() {
  if (!document.hidden) tilo.getLeaderboard(TOP);
}

tilo.on("chat", (message) => chat.add(message));
tilo.on("global_events", (events) => bonus.take(events));
tilo.on("leaderboard", ({ entries }) => board.show(entries, player.nickname));
tilo.on("error", ({ code, message }) => SHOWN_ELSEWHERE.has(code) || chat.refuse(KIND_WORDS[code] ?? message));
showConnection(tilo, byId);

byId("nickname").addEventListener("change", ({ target }) => {
  player.rename(target.value);
  showPlayer();
});
document.addEventListener("visibilitychange", askForBoard);
setInterval(askForBoard, BOARD_INTERVAL_MS);
setInterval(() => arcade.playing && !document.hidden && reportScore(), SCORE_INTERVAL_MS);

showPlayer();
prepareSnippet(byId);
tilo.connect();
askForBoard();
