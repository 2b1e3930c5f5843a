/** A page that has nothing live of its own but its times. */
import { live } from "./admin-live.js";
import { Times } from "./admin-times.js";

live(new Times(document.querySelector("main")));
