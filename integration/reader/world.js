/**
 * A browser that does what a test says: its clock stands still until it is moved, and its
 * event streams are silent until they are told to speak.
 */
export class World {
  time = 1_000_000;
  streams = [];
  document = Object.assign(new EventTarget(), { hidden: false });
  window = new EventTarget();
  #timers = new Map();
  #next = 1;
  #skew = 0;

  EventSource = (() => {
    const world = this;
    return class extends EventTarget {
      readyState = 0;
      constructor(url) {
        super();
        this.url = url;
        world.streams.push(this);
      }
      close() {
        this.readyState = 2;
      }
    };
  })();

  now = () => this.time + this.#skew;
  random = () => 1; // the longest wait
  setTimeout = (f, ms) => this.#plan(f, ms);
  clearTimeout = (t) => void this.#timers.delete(t);
  setInterval = (f, ms) => this.#plan(f, ms, ms);
  clearInterval = (t) => void this.#timers.delete(t);

  #plan(f, ms, every) {
    this.#timers.set(this.#next, { f, at: this.time + ms, every });
    return this.#next++;
  }

  /** How many timers there are. */
  get timers() {
    return this.#timers.size;
  }

  /** Lets time go by, with all that happens in it. */
  pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const [id, due] = [...this.#timers].sort((a, b) => a[1].at - b[1].at)[0] ?? [];
      if (!due || due.at > end) break;
      this.time = due.at;
      this.#run(id, due);
    }
    this.time = end;
  }

  /** Sets the clock, and nothing else. */
  setClock(by) {
    this.#skew += by;
  }

  /** The machine sleeps: afterwards each timer that is due runs once. */
  sleep(ms) {
    this.time += ms;
    for (const [id, due] of [...this.#timers]) if (due.at <= this.time) this.#run(id, due);
  }

  #run(id, due) {
    if (due.every) due.at = this.time + due.every;
    else this.#timers.delete(id);
    due.f();
  }

  /** The newest event stream. */
  get stream() {
    return this.streams.at(-1);
  }

  accept(stream = this.stream) {
    stream.readyState = 1;
    stream.dispatchEvent(new Event("open"));
  }

  send(data, stream = this.stream) {
    stream.dispatchEvent(Object.assign(new Event("next"), { data: JSON.stringify(data) }));
  }

  /** What happens on the ticker at a cursor. */
  line(cursor, stream) {
    this.send({ data: { ticker: { cursor, kind: "PUBLISHED", entry: { id: cursor } } } }, stream);
  }

  refuse(code) {
    this.send({ errors: [{ message: code, extensions: { code } }] });
    this.stream.dispatchEvent(Object.assign(new Event("complete"), { data: "" }));
  }

  /** The connection is lost; the browser tries again by itself unless it is for good. */
  lose({ forGood = false, stream = this.stream } = {}) {
    stream.readyState = forGood ? 2 : 0;
    stream.dispatchEvent(new Event("error"));
  }

  hide(hidden = true) {
    this.document.hidden = hidden;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  leave() {
    this.window.dispatchEvent(new Event("pagehide"));
  }

  comeBack() {
    this.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  }

  online() {
    this.window.dispatchEvent(new Event("online"));
  }
}
