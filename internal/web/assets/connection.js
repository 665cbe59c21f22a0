const patience = 3000; // a moment without a connection is nothing to speak of

/** The banner that tells that the page is not up to date. */
export class Connection {
  #banner;
  #words;
  #waiting = new Set(); // who is not connected
  #timer = null;

  constructor(banner, words) {
    this.#banner = banner;
    this.#words = words;
    addEventListener("offline", () => this.#show());
    addEventListener("online", () => this.#show());
    this.#show();
  }

  /** Takes in how one of those is who follow something. */
  state(who, state) {
    if (state === "connecting") this.#waiting.add(who);
    else this.#waiting.delete(who);
    if (this.#waiting.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#show();
    } else {
      this.#timer ??= setTimeout(() => this.#show(true), patience);
    }
  }

  #show(late = !this.#banner.hidden) {
    const state = !navigator.onLine ? "offline" : this.#waiting.size > 0 && late ? "reconnecting" : null;
    if (this.#banner.dataset.state === (state ?? undefined)) return;
    this.#banner.hidden = state === null;
    if (state === null) delete this.#banner.dataset.state;
    else this.#banner.dataset.state = state;
    this.#banner.textContent = state === null ? "" : this.#words.say(state);
  }
}
