/** A sticky section stands beside the others; it is never the one that was scrolled to. */
const isAlwaysThere = (section) => getComputedStyle(section).position === "sticky";

/** Marks the section in view in the navigation. */
export function followSections(links) {
  const visible = new Set();
  const sections = links.map((link) => document.getElementById(link.dataset.section));
  const mark = () => {
    const current = sections.find((section) => visible.has(section) && !isAlwaysThere(section));
    if (!current) return;
    for (const link of links) {
      if (link.dataset.section === current.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  // A band in the upper part of the window decides which section is being read.
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) visible[isIntersecting ? "add" : "delete"](target);
      mark();
    },
    { rootMargin: "-20% 0px -70% 0px" },
  );
  for (const section of sections) observer.observe(section);
}
