/** The form of a ban or mute: before it is sent it asks in words that name who is meant, what happens and for how long. */

const WORDS = { ban: "Ban", mute: "Mute", shadow_mute: "Shadow-mute" };
const EFFECTS = {
  ban: "They are disconnected now and cannot come back.",
  mute: "They are told so when they speak.",
  shadow_mute: "They alone see what they say.",
};

/** @param {{kind: string, whom: string, duration: string}} chosen  `duration` in words */
const banQuestion = ({ kind, whom, duration }) =>
  `${WORDS[kind]} ${whom} ${duration === "for ever" ? duration : `for ${duration}`}? ${EFFECTS[kind]}`;

export class BanForm {
  constructor(form) {
    this.form = form;
    form.addEventListener("input", () => this.#changed());
    this.#changed();
  }

  /** Whom the form is about: what is typed in, and what is ticked. */
  get whom() {
    const fields = ["nickname", "email", "ip", "network"].map((name) => this.form.elements[name]);
    return fields.filter((one) => one && (one.type !== "checkbox" || one.checked) && one.value.trim()).map((one) => one.value.trim());
  }

  /** The player's own name first, where the form is about one. */
  #words(whom) {
    const { name } = this.form.dataset;
    return name && whom[0] !== name ? `${name} (${whom.join(", ")})` : whom.join(", ");
  }

  #changed() {
    const { kind, duration } = this.form.elements;
    const { whom } = this;
    const words = duration.selectedOptions[0].textContent;
    // With nobody named there is nothing to ask: the server says what is missing.
    if (whom.length) this.form.dataset.confirm = banQuestion({ kind: kind.value, whom: this.#words(whom), duration: words });
    else delete this.form.dataset.confirm;
    this.form.dataset.confirmButton = WORDS[kind.value];
  }
}
