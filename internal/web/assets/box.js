import { framesLater, slide, still } from "./slide.js";

/**
 * The scroll box of a ticker. Lines come and go in it without anything jumping: who reads
 * stays where they are, and who is at the top is carried along.
 */
export class Box {
  /** The reader has asked for rest. */
  paused = false;

  #box;
  #list;
  #rising = false; // on the way to the top, by our doing
  #last = 0; // where the box was scrolled to

  /** @param {() => void} onTop the reader sees the top */
  constructor(box, list, onTop) {
    this.#box = box;
    this.#list = list;
    for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) {
      box.addEventListener(name, () => (this.#rising = false), { passive: true });
    }
    box.addEventListener("scroll", () => {
      if (box.scrollTop > this.#last + 1) this.#rising = false;
      this.#last = box.scrollTop;
      if (box.scrollTop > 1) return;
      this.#rising = false;
      box.style.paddingBlockEnd = "";
      onTop();
    }, { passive: true });
    // A browser may drop a smooth scroll when the one before it has just been cut short.
    box.addEventListener("scrollend", () => {
      if (this.#rising && box.scrollTop > 1) framesLater(() => this.#rising && (box.scrollTop = 0));
    });
  }

  /** Whether new lines come into view by themselves. */
  get carries() {
    const at = this.#rising || this.#box.scrollTop <= 1;
    return at && !this.paused && !this.#box.matches(":focus-within") && !this.#selected();
  }

  /** Whether the last lines are out of sight. */
  get endIsHidden() {
    return this.#box.scrollTop + 2 * this.#box.clientHeight < this.#list.offsetHeight;
  }

  /** Changes the lines. What can be seen stays where it is, as far as that can be. */
  keep(change) {
    const carries = this.carries;
    const places = this.#near(0).map((e) => [e, e.getBoundingClientRect().top]);
    // Also those that come into sight when the box is scrolled, wherever that is to.
    slide(this.#near(Infinity), change, () => {
      const stays = places.find(([e]) => e.isConnected);
      if (stays) this.#scrollBy(stays[0].getBoundingClientRect().top - stays[1]);
    });
    if (carries && this.#box.scrollTop > 0) this.toTop();
  }

  /** Goes to the newest line. */
  toTop() {
    this.#rising = true;
    const far = this.#box.scrollTop > 3 * this.#box.clientHeight;
    if (document.hidden) this.#box.scrollTop = 0;
    else if (far || still()) framesLater(() => (this.#box.scrollTop = 0));
    else this.#box.scrollTo({ top: 0, behavior: "smooth" });
  }

  #scrollBy(by) {
    if (Math.abs(by) < 0.5) return;
    const box = this.#box;
    const missing = box.scrollTop + by + box.clientHeight - box.scrollHeight;
    // There is room below for as long as the box is not back at its top.
    if (missing > 0) box.style.paddingBlockEnd = `${Math.ceil(missing) + (parseFloat(box.style.paddingBlockEnd) || 0)}px`;
    box.scrollTop += by;
    this.#last = box.scrollTop;
  }

  /** What is in sight, or not farther from it than margin. */
  #near(margin) {
    const { top, bottom } = this.#box.getBoundingClientRect();
    const parts = [...this.#list.children, ...[...this.#box.children].filter((e) => e !== this.#list)];
    return parts.filter((e) => {
      const place = e.getBoundingClientRect();
      return place.bottom > top - margin && place.top < bottom + margin;
    });
  }

  #selected() {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && this.#box.contains(selection.anchorNode);
  }
}
