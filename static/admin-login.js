/** Tells whoever types the password that caps lock is on. */
const password = document.querySelector("#password");
const hint = document.querySelector("#caps-lock");

for (const type of ["keydown", "keyup", "mousedown"]) {
  password.addEventListener(type, (event) => {
    // A password manager's synthetic events have no modifier state.
    const isOn = event.getModifierState?.("CapsLock") ?? false;
    hint.textContent = isOn ? "Caps lock is on." : "";
  });
}
password.addEventListener("blur", () => (hint.textContent = ""));
