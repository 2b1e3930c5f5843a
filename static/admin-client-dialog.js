/** One connection in a dialog over the list: the server's page about it, whose forms are sent without leaving the list. */
import { BanForm } from "./admin-ban-form.js";
import { showFault, submitInPlace } from "./admin-forms.js";

const FIRST_FIELDS = { message: "#message-text", mute: "#client-duration", ban: "#client-duration", kick: "#kick-reason" };

export class ClientDialog {
  /** @param {{dialog: HTMLDialogElement, onDone: () => void}} options  `onDone` is called after something was done */
  constructor({ dialog, onDone }) {
    this.dialog = dialog;
    this.onDone = onDone;
    dialog.addEventListener("submit", (event) => this.#submit(event));
    dialog.addEventListener("click", (event) => {
      // The backdrop counts as the dialog itself.
      if (event.target === dialog || event.target.closest(".client-back")) {
        event.preventDefault();
        dialog.close();
      }
    });
  }

  /** @param {HTMLAnchorElement} link  to the page about a connection; its `data-act` says what is about to be done */
  async open(link) {
    const what = link.dataset.act;
    try {
      const response = await fetch(link.href);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const section = page.querySelector("#client");
      if (!section) location.assign(link.href); // the login has ended
      else this.#show(document.importNode(section, true), what);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch reports an unreachable server as a TypeError
      showFault("The server did not answer. Try again in a moment.");
    }
  }

  #show(section, what) {
    section.classList.remove("panel");
    this.dialog.replaceChildren(section);
    const back = section.querySelector(".client-back");
    if (back) back.textContent = "Close";
    const form = section.querySelector("[data-ban-form]");
    if (form) {
      form.elements.kind.value = what === "ban" ? "ban" : "mute";
      this.banForm = new BanForm(form);
    }
    this.dialog.showModal();
    section.querySelector(FIRST_FIELDS[what] ?? "#facts")?.focus();
  }

  async #submit(event) {
    event.preventDefault();
    await submitInPlace(event.target);
    this.dialog.close();
    this.onDone();
  }
}
