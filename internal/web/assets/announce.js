const pace = 8000; // between two that are polite

/**
 * Tells those who do not look at the page what comes: a line with its headline, several at
 * once by their number, and what is urgent at once.
 */
export class Announcer {
  #polite;
  #assertive;
  #words;
  #timers;
  #waiting = [];
  #timer = null;

  /**
   * @param {object} options
   * @param {(text: string) => void} options.polite puts text into a polite live region
   * @param {(text: string) => void} options.assertive
   * @param {{ count: Function, say: Function }} options.words
   */
  constructor({ polite, assertive, words }, timers = globalThis) {
    this.#polite = polite;
    this.#assertive = assertive;
    this.#words = words;
    this.#timers = timers;
  }

  /** @param {{ headline: string, priority: string }[]} lines that came together, oldest first */
  lines(lines) {
    const urgent = lines.filter(({ priority }) => priority === "FLASH" || priority === "ALERT");
    const last = urgent.at(-1);
    if (last) this.#assertive(`${this.#words.say(`priority.${last.priority}`)}: ${last.headline}`);
    for (const line of lines) if (!urgent.includes(line)) this.say(line.headline);
  }

  /** Says something when it is its turn; what has gathered by then is said by its number. */
  say(text) {
    this.#waiting.push(text);
    if (this.#timer === null) this.#timer = this.#timers.setTimeout(() => this.#speak(), 200);
  }

  #speak() {
    const said = this.#waiting.splice(0);
    this.#timer = null;
    if (said.length === 0) return;
    this.#polite(said.length === 1 ? said[0] : this.#words.count("new", said.length));
    this.#timer = this.#timers.setTimeout(() => this.#speak(), pace);
  }
}
