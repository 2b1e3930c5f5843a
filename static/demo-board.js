/** The top ten. Its ten rows always stand, so that nothing moves when scores come in. */

const ROWS = 10;

export class Board {
  constructor(body, note) {
    this.note = note;
    this.rows = Array.from({ length: ROWS }, (_, index) => {
      const row = body.insertRow();
      for (const name of ["rank", "nickname", "points", "seconds"]) row.insertCell().className = name;
      row.cells[0].textContent = String(index + 1);
      return row;
    });
    this.show([], "");
  }

  /** Fills the rows with `entries`; those of `nickname` are marked. */
  show(entries, nickname) {
    this.note.hidden = entries.length > 0;
    this.rows.forEach((row, index) => {
      const entry = entries[index];
      const [rank, name, points, seconds] = row.cells;
      row.classList.toggle("empty", !entry);
      row.classList.toggle("own", entry?.nickname === nickname);
      rank.textContent = String(entry?.rank ?? index + 1);
      name.textContent = entry?.nickname ?? "";
      name.title = entry?.nickname ?? "";
      points.textContent = entry ? entry.score.toLocaleString("en") : "";
      seconds.textContent = entry ? `${entry.survival_time.toLocaleString("en")} s` : "";
    });
  }
}
