/** The lines of code at the bottom: this server's address is filled in, one button copies them. */

const DONE_MS = 2000;

/** Selects the code for a copy by hand: pages opened by plain HTTP have no access to the clipboard. */
function select(code) {
  const selection = getSelection();
  selection.removeAllRanges();
  const range = document.createRange();
  range.selectNodeContents(code);
  selection.addRange(range);
}

export function prepareSnippet(byId) {
  const code = byId("snippet");
  const button = byId("copy");
  const { origin } = location;
  byId("snippet-script").textContent = `${origin}/static/websocket-client.js`;
  byId("snippet-socket").textContent = `${origin.replace(/^http/, "ws")}/ws`;

  const answer = (text) => {
    button.textContent = text;
    byId("copy-status").textContent = text;
    setTimeout(() => (button.textContent = "Copy"), DONE_MS);
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      answer("Copied");
    } catch {
      select(code);
      answer("Press Ctrl+C");
    }
  });
}
