/** One connection on a page of its own. */
import { BanForm } from "./admin-ban-form.js";
import { live } from "./admin-live.js";

live();
for (const form of document.querySelectorAll("[data-ban-form]")) new BanForm(form);
