/**
 * Asks once before a form is sent that has `data-confirm="Ban Zoë for 1 hour? They are disconnected now."`, or whose button has.
 *
 * The button that agrees says what the form's own button says, or `data-confirm-button`. Without JavaScript the form is sent
 * at once. Other listeners of `submit` hear only what was agreed to.
 */
const agreed = new WeakSet();

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

class Question {
  constructor() {
    this.text = element("p", { id: "confirm-text" });
    this.keep = element("button", { value: "keep", autofocus: true, textContent: "Cancel" });
    this.agree = element("button", { value: "agree", className: "button-danger" });
    const buttons = element("div", { className: "question-buttons" }, this.keep, this.agree);
    const form = element("form", { method: "dialog" }, this.text, buttons);
    this.dialog = element("dialog", { className: "question", id: "confirm" }, form);
    this.dialog.setAttribute("aria-labelledby", "confirm-text");
    this.dialog.addEventListener("close", () => this.#answer());
    document.body.append(this.dialog);
  }

  ask(text, word, onAgree) {
    if (this.dialog.open) return;
    this.onAgree = onAgree;
    this.text.textContent = text;
    this.agree.textContent = word;
    this.dialog.returnValue = "keep"; // Escape leaves the old answer behind
    this.dialog.showModal();
  }

  #answer() {
    if (this.dialog.returnValue === "agree") this.onAgree();
  }
}

const question = new Question();

function hold(event) {
  const { target: form, submitter } = event;
  const from = submitter?.dataset.confirm ? submitter : form;
  if (!from.dataset.confirm || agreed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const word = from.dataset.confirmButton ?? submitter?.textContent.trim() ?? "Yes";
  question.ask(from.dataset.confirm, word || "Yes", () => {
    agreed.add(form);
    form.requestSubmit(submitter);
  });
}

document.addEventListener("submit", hold, { capture: true });
