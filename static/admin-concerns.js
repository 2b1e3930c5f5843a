/** What on the overview needs somebody, and what to do about it. Pure. */

const isOk = (frame) => frame.database === "ok";

/** Worst first. Texts hold no figure that moves: each change is read out. */
const CONCERNS = [
  {
    level: "bad",
    figure: "pending_writes",
    holds: (frame) => !isOk(frame),
    text: "Database away: chat goes on, acknowledgements wait. Look whether PostgreSQL runs and can be reached.",
  },
  {
    level: "bad",
    figure: "online",
    holds: (frame) => frame.redis === "away",
    text: "Redis away: chat is refused until it is back, scores go on. Look whether Redis runs and can be reached.",
  },
  {
    level: "bad",
    figure: "loop_lag_ms",
    holds: ({ stats }) => stats.loop_lag_ms >= 250,
    text: "The event loop is late: this server has more to do than it can; spread the players over more servers.",
  },
  {
    level: "warning",
    figure: "delay_p99_ms",
    holds: ({ stats }) => stats.delay_p99_ms >= 250,
    text: "Messages leave late: too many of them for so many players; slow the chat down or raise TILO_FLUSH_INTERVAL_MS.",
  },
  {
    level: "warning",
    figure: "oldest_pending_s",
    holds: (frame) => isOk(frame) && frame.stats.oldest_pending_s >= 5,
    text: "Writes wait for more than five seconds: look at the database's load.",
  },
  {
    level: "warning",
    figure: "pool_used",
    holds: ({ stats }) => stats.pool.waiting > 0,
    text: "Statements wait for a database connection: raise TILO_POOL_MAX or look for slow statements.",
  },
];

const CUT = { level: "warning", text: "No news from the server: what you see is the last that came." };

/** @param {boolean} isCut  whether the feed is */
export const concerns = (frame, isCut) => (isCut ? [CUT] : CONCERNS.filter((concern) => concern.holds(frame)));
