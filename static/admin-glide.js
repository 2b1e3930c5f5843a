/** What has to make room is seen going to its new place, instead of jumping under somebody's eyes. */

const MOVE_MS = 150;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** Changes a list and lets those of its `rows` that go elsewhere, and are in sight of the `scroller`, glide there. */
export function glide(rows, scroller, change) {
  const before = rows.map((row) => [row, row.offsetTop]);
  change();
  const end = scroller.scrollTop + scroller.clientHeight;
  // All places are read before the first row moves: in turn, each reading would lay out the page again.
  const moves = before.map(([row, from]) => ({ row, from, to: row.offsetTop }));
  for (const { row, from, to } of moves) {
    if (row.isConnected && from !== to && Math.min(from, to) < end) glideFrom(row, from - to);
  }
}

/** From so many pixels below its place. Without motion it stays where it was for a moment, and is there. */
function glideFrom(element, pixels) {
  const easing = STILL.matches ? "step-end" : "ease";
  element.animate([{ transform: `translateY(${pixels}px)` }, { transform: "none" }], { duration: MOVE_MS, easing });
}
