/** Searching, sorting and leafing through a long list without leaving the page: the query of its address says what is shown. */
import { field, setText } from "./admin-rows.js";

const TYPING_MS = 200;

/** The query of the page's address with some of its fields changed; empty ones are left out. */
export function changedQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  return `?${query}`;
}

/** Shows on which page of how many the list is. */
export function showPlace(section, { page, pages }) {
  const nav = section.querySelector("[data-pages]");
  nav.hidden = pages < 2;
  setText(field(nav, "page"), `${page} / ${pages}`);
  for (const link of nav.querySelectorAll("[data-step]")) {
    const next = page + Number(link.dataset.step);
    link.hidden = next < 1 || next > pages;
    link.setAttribute("href", changedQuery({ page: String(next) }));
  }
}

/** Takes over the section's search form and its links that change only the query. `reload` asks the feed anew. */
export function followQuery(section, reload) {
  const search = section.querySelector("input[type=search]");
  let typing = 0;

  function go(query, how) {
    history[how](null, "", query === "?" ? location.pathname : query);
    reload();
  }

  function find() {
    clearTimeout(typing);
    go(changedQuery({ q: search.value.trim(), page: "" }), "replaceState");
  }

  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(find, TYPING_MS);
  });
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  section.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="?"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute("href"), "pushState");
  });
  addEventListener("popstate", () => {
    search.value = new URLSearchParams(location.search).get("q") ?? "";
    reload();
  });
}
