"""Rows that make room, in a real browser."""

from playwright.async_api import Page

GLIDE = """
async () => {
  const { glide } = await import("/static/admin-glide.js");
  const list = document.createElement("ol");
  document.body.prepend(list);
  const steps = [];
  const offsetTop = Object.getOwnPropertyDescriptor(HTMLElement.prototype, "offsetTop");
  const rows = ["first", "second"].map((textContent) => Object.assign(document.createElement("li"), { textContent }));
  for (const row of rows) {
    Object.defineProperty(row, "offsetTop", { get: () => (steps.push("read"), offsetTop.get.call(row)) });
    row.animate = ([{ transform }]) => steps.push(transform);
  }
  list.append(...rows);
  glide(rows, document.documentElement, () => {
    const newcomer = document.createElement("li");
    newcomer.style.height = "50px";
    list.prepend(newcomer);
    steps.push("change");
  });
  return steps;
}
"""
"""Two rows make room for a third one: what is done, in order."""


async def test_the_page_is_laid_out_once_however_many_rows_make_room(dashboard: Page) -> None:
    steps = await dashboard.evaluate(GLIDE)

    # A place that is read after a row has begun to move is a layout of its own.
    assert steps == ["read", "read", "change", "read", "read", "translateY(-50px)", "translateY(-50px)"]
