/** How figures, times and events are written on the admin pages. Pure functions; times are in milliseconds since 1970. */
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const MILLIONS = new Intl.NumberFormat("en", { notation: "compact", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** Whole up to a million, above that as `1.2M`: a figure has at most seven characters. */
export const whole = (number) => (number < 1e6 ? WHOLE : MILLIONS).format(number);

/** Tenths only where they mean something, so that large figures do not flicker. */
export const decimal = (number) => (number < 100 ? TENTHS.format(number) : whole(number));

export const plural = (count, one, many) => `${whole(count)} ${count === 1 ? one : many}`;

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1000 * 1024 ? `${whole(count / 1024)} KiB` : `${decimal(count / 1024 ** 2)} MiB`;
}

/** How long ago, in the largest unit alone. */
export function age(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min`;
  return total < 86400 ? `${Math.floor(total / 3600)} h` : `${Math.floor(total / 86400)} d`;
}

export function duration(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  if (total < 3600) return age(total);
  if (total < 86400) return `${Math.floor(total / 3600)} h ${Math.floor((total % 3600) / 60)} min`;
  return `${Math.floor(total / 86400)} d ${Math.floor((total % 86400) / 3600)} h`;
}

/** `1:02:03`, or `02:03` within the last hour; days stay apart. */
export function countdown(milliseconds) {
  const total = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const days = Math.floor(total / 86400);
  const hours = Math.floor((total % 86400) / 3600);
  const rest = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  return `${days ? `${days} d ` : ""}${days || hours ? `${hours}:` : ""}${rest}`;
}

/** The protocol's times have no suffix and are UTC. */
export const parseTime = (text) => Date.parse(`${text}Z`);

export const clock = (time) => CLOCK.format(time);

/** The time of day, with the date where it is another day's. */
export function moment(time, now) {
  const day = DAY.format(time);
  return day === DAY.format(now) ? clock(time) : `${day}, ${clock(time)}`;
}

export const exact = (time) => EXACT.format(time);

export const eventTitle = (type, value) => `${type} ${type === "score_multiplier" ? "×" : ""}${value}`;

const PROGRAMS = [
  ["Edge", /Edg\/(\d+)/],
  ["Opera", /OPR\/(\d+)/],
  ["Firefox", /Firefox\/(\d+)/],
  ["Chrome", /Chrom(?:e|ium)\/(\d+)/],
  ["Safari", /Version\/(\d+).*Safari/],
];
const SYSTEMS = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X/],
  ["Linux", /Linux|X11/],
];

/** The browser and system in a few words; what is no browser says its own name first. */
export function program(userAgent) {
  const known = PROGRAMS.find(([, pattern]) => pattern.test(userAgent));
  if (!known) return userAgent.split(" ")[0] || "unknown";
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent));
  return `${known[0]} ${known[1].exec(userAgent)[1]}${system ? `, ${system[0]}` : ""}`;
}
