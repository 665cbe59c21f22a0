import { makeLine } from "./line.js";
import { slide } from "./slide.js";

/** What stands around the ticker of a live coverage: its status and title, and what is pinned. */
export class Coverage {
  #root;
  #page;

  constructor(root, page) {
    this.#root = root;
    this.#page = page;
  }

  /** Takes in an event of the coverage. */
  take({ kind, update }) {
    if (!update) return;
    if (update.__typename === "Coverage") this.#change(update);
    else this.#pin(kind, update);
  }

  #change({ title, summary, state }) {
    const status = this.#root.querySelector(".status");
    if (status && state && status.dataset.status !== state) {
      const kicker = status.parentElement;
      const changed = kicker.cloneNode(true); // another element, so that nothing shifts
      const shown = changed.querySelector(".status");
      shown.dataset.status = state;
      shown.lastChild.textContent = this.#page.words.say(`status.${state}`);
      kicker.replaceWith(changed);
      this.#page.announcer.say(this.#page.words.say(`status.${state}`));
    }
    for (const [slot, text] of [["title", title], ["summary", summary]]) {
      const shown = this.#root.querySelector(`.opening [data-slot="${slot}"]`);
      if (shown && text && shown.textContent !== text) shown.textContent = text;
    }
  }

  #pin(kind, line) {
    const list = this.#root.querySelector("[data-pinned]");
    if (!list) return;
    const old = list.querySelector(`[data-id="${CSS.escape(line.id)}"]`);
    if (old && Number(old.dataset.version) >= line.version) return;
    const stays = line.pinned && !(kind === "REMOVED" && line.status !== "RETRACTED");
    if (!old && !stays) return;
    slide([...list.children, ...list.closest("aside").children], () => {
      if (!stays) return old.remove();
      const item = makeLine(this.#page.lineTemplate, line, this.#page);
      item.removeAttribute("id"); // links lead to the line in the ticker
      if (old) old.replaceWith(item);
      else list.prepend(item);
    });
  }
}
