const silence = 90_000; // after which a stream that is open is thought to be dead
const patience = 30_000; // for one that does not open
const leave = 30_000; // after which a page that nobody sees gives up its stream
const glance = 5_000; // so short an absence does not matter
const beat = 5_000;
const asleep = 30_000; // later than due: the machine slept
const slowest = 30_000; // between two tries

const lost = new Set(["CURSOR_EXPIRED", "BAD_CURSOR"]);
const hopeless = new Set(["NOT_FOUND", "INVALID_ARGUMENT", "FORBIDDEN", "TOO_COMPLEX"]);

/** What a Follow needs of a browser. */
export function browser() {
  return {
    EventSource: globalThis.EventSource,
    document: globalThis.document,
    window: globalThis.window,
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (f, ms) => setTimeout(f, ms),
    clearTimeout: (t) => clearTimeout(t),
    setInterval: (f, ms) => setInterval(f, ms),
    clearInterval: (t) => clearInterval(t),
  };
}

/**
 * Follows one subscription for as long as the page is there: over lost connections, sleep
 * and absence, without a gap and without repetition.
 *
 * Its state is
 * - "connecting": it is not connected and tries to be
 * - "open"
 * - "paused": it has not begun, or nobody sees the page
 * - "over": it can't be followed, or no longer
 */
export class Follow {
  state = "paused";
  /** The line of the log up to which everything has been handed over. */
  cursor;

  #address;
  #on;
  #world;
  #source = null;
  #fails = 0;
  #heard = 0; // when something was, or since when it has been tried
  #beaten = 0;
  #hidden = 0; // since when
  #again = null; // timers
  #leave = null;
  #beat = null;
  #reading = false;
  #ends = [];

  /**
   * @param {object} options
   * @param {(cursor: string) => string} options.address of the stream that begins after a cursor
   * @param {string} options.cursor
   * @param {object} options.on
   * @param {(event: object) => void} options.on.event gets the event: its cursor, its kind and what has changed
   * @param {() => Promise<string>} options.on.expired reads everything anew, and tells the cursor of that
   * @param {(state: string) => void} [options.on.state]
   */
  constructor({ address, cursor, on }, world = browser()) {
    this.#address = address;
    this.cursor = cursor;
    this.#on = on;
    this.#world = world;
  }

  start() {
    const { document, window } = this.#world;
    this.#listen(document, "visibilitychange", () => (document.hidden ? this.#hide() : this.#show()));
    this.#listen(window, "online", () => this.#open());
    this.#listen(window, "pagehide", () => this.#pause());
    this.#listen(window, "pageshow", (e) => e.persisted && this.#open());
    this.#beaten = this.#world.now();
    this.#beat = this.#world.setInterval(() => this.#tick(), beat);
    if (document.hidden) this.#hide();
    this.#open();
  }

  stop() {
    this.#become("over");
    this.#close();
    this.#world.clearTimeout(this.#leave);
    this.#world.clearInterval(this.#beat);
    for (const end of this.#ends.splice(0)) end();
  }

  #listen(target, name, f) {
    target.addEventListener(name, f);
    this.#ends.push(() => target.removeEventListener(name, f));
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#on.state?.(state);
  }

  #open() {
    if (this.state === "over") return;
    this.#close();
    this.#heard = this.#world.now();
    this.#become("connecting");
    if (this.#reading) return; // which opens it
    const source = new this.#world.EventSource(this.#address(this.cursor));
    this.#source = source;
    const hear = (name, f) =>
      source.addEventListener(name, (e) => {
        if (source !== this.#source) return;
        this.#heard = this.#world.now();
        f(e);
      });
    hear("open", () => this.#become("open"));
    hear("next", (e) => this.#next(e.data));
    hear("complete", () => this.stop());
    hear("error", (e) => {
      if (e.data !== undefined) return; // said by the server, which ends the stream then
      if (source.readyState === 2) return this.#retry();
      this.#become("connecting"); // the browser comes back by itself
    });
  }

  #close() {
    this.#world.clearTimeout(this.#again);
    this.#again = null;
    this.#source?.close();
    this.#source = null;
  }

  #next(text) {
    let answer;
    try {
      answer = JSON.parse(text);
    } catch {
      return this.#retry();
    }
    const event = Object.values(answer.data ?? {})[0];
    if (!event) return this.#refused(answer.errors?.[0]?.extensions?.code);
    this.#fails = 0;
    if (event.cursor === this.cursor) return;
    this.cursor = event.cursor;
    this.#on.event(event);
  }

  #refused(code) {
    if (hopeless.has(code)) return this.stop();
    if (lost.has(code)) return this.#reread();
    this.#retry();
  }

  #retry(f = () => this.#open()) {
    this.#close();
    this.#become("connecting");
    this.#heard = this.#world.now();
    const wait = Math.min(slowest, 1000 * 2 ** this.#fails++);
    this.#again = this.#world.setTimeout(f, wait * (0.5 + this.#world.random() / 2));
  }

  async #reread() {
    this.#close();
    this.#become("connecting");
    if (this.#reading) return;
    this.#reading = true;
    let cursor;
    try {
      cursor = await this.#on.expired();
    } catch {
      cursor = null;
    }
    this.#reading = false;
    if (cursor) this.cursor = cursor;
    if (this.state !== "connecting") return;
    if (cursor) this.#open();
    else this.#retry(() => this.#reread());
  }

  #tick() {
    const now = this.#world.now();
    const slept = now - this.#beaten > beat + asleep || now < this.#beaten - beat;
    this.#beaten = now;
    if (this.state === "paused" || this.state === "over") return;
    if (this.state === "open") this.#fails = 0;
    const still = now - this.#heard;
    if (slept || (this.state === "open" ? still >= silence : still >= patience && !this.#again)) this.#open();
  }

  #hide() {
    this.#hidden = this.#world.now();
    this.#world.clearTimeout(this.#leave);
    this.#leave = this.#world.setTimeout(() => this.#pause(), leave);
  }

  #show() {
    this.#world.clearTimeout(this.#leave);
    if (this.state === "paused" || this.#world.now() - this.#hidden > glance) this.#open();
  }

  #pause() {
    if (this.state === "over") return;
    this.#close();
    this.#become("paused");
  }
}
