/** Light or dark: the system decides until the visitor uses the switch (`[data-theme-switch]`); the choice is remembered. */
(() => {
  const KEY = "tilo-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is closed to this page (private mode): the system decides
    }
  };

  const apply = () => {
    document.documentElement.dataset.theme = remembered() ?? (system.matches ? "dark" : "light");
  };

  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, next);
    } catch {
      document.documentElement.dataset.theme = next; // not remembered, but switched
      return;
    }
    apply();
  });
})();
