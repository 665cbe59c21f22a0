const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether things are to move as little as can be. */
export const still = () => calm.matches;

/** Scrolls, or the like, so late that it does not count as a shift of what was changed before. */
export const framesLater = (f) => requestAnimationFrame(() => requestAnimationFrame(f));

/**
 * Changes the page so that nothing jumps: what is somewhere else by it slides there.
 *
 * @param {Element[]} elements that may move
 * @param {() => void} change
 * @param {() => void} [settle] scrolls after the change
 */
export function slide(elements, change, settle) {
  const places = elements.map((e) => e.getBoundingClientRect().top);
  change();
  settle?.();
  elements.forEach((e, i) => {
    if (!e.isConnected) return;
    const by = places[i] - e.getBoundingClientRect().top;
    if (Math.abs(by) < 3) return; // by what scrolling is rounded to
    // Put in again, a line counts as new to the page and not as one that has shifted.
    if (!held(e)) e.parentNode.insertBefore(e, e.nextSibling);
    if (Math.abs(places[i]) > 2 * innerHeight) return; // nobody sees it
    e.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: still() ? 1 : 250, easing: "ease-out" });
  });
}

function held(e) {
  const selection = document.getSelection();
  return e.contains(document.activeElement) || (!selection.isCollapsed && selection.containsNode(e, true));
}
