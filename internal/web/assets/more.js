const freshFor = 30_000;

/**
 * Has a link to the next page of a list add that page in place.
 *
 * @param {HTMLAnchorElement} link
 * @param {object} list
 * @param {() => boolean} list.full the list is long enough: then the link is a link
 * @param {() => Promise<object>} list.load asks for the next page
 * @param {(page: object) => Element | undefined} list.add puts it in place, and tells which item is the first
 * @param {() => string | null} list.after the place behind the last item; null where there is nothing more
 */
export function startMore(link, list, words) {
  const text = link.textContent;
  let ahead = null;

  // Asked for when the link comes into view, so that what is pressed is there at once.
  const prepare = () => {
    if (ahead && Date.now() - ahead.at < freshFor) return ahead.page;
    ahead = { at: Date.now(), page: list.load() };
    ahead.page.catch(() => (ahead = null));
    return ahead.page;
  };
  const seen = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && !list.full() && prepare());
  seen.observe(link);

  link.addEventListener("click", async (e) => {
    if (list.full() || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    if (link.getAttribute("aria-busy") === "true") return;
    link.setAttribute("aria-busy", "true");
    try {
      const page = await prepare();
      ahead = null;
      const first = list.add(page);
      link.textContent = text;
      if (e.detail === 0 && first) focusOn(first); // by keyboard: go on reading there
      const place = list.after();
      if (place === null) {
        seen.disconnect();
        link.parentElement.remove();
      } else {
        const next = new URL(link.href);
        next.searchParams.set("after", place);
        link.href = next.href;
      }
    } catch {
      link.textContent = words.say("failed");
    }
    link.removeAttribute("aria-busy");
  });
}

/** Puts the focus on an item: on the link of its headline, or on itself. */
export function focusOn(item) {
  const link = item.querySelector(".title a, .headline a");
  if (!link) item.tabIndex = -1;
  (link ?? item).focus();
}
