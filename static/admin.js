/** A page of the dashboard that has nothing live of its own but the top bar. */
import { live } from "./admin-live.js";

live();
