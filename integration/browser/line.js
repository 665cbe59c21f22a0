import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Lays a line to a server: a relay on an address of its own that can fail as networks do.
 *
 * @param {string} address of the server: `http://127.0.0.1:PORT`
 * @returns {Promise<Line>}
 */
export async function layLine(address) {
  const line = new Line(address);
  await line.open();
  return line;
}

class Line {
  /** Where the server is found through it: `http://127.0.0.1:PORT`. */
  address;

  #server;
  #relay = createServer((near) => this.#connect(near));
  #state = "open"; // or "cut", "silent"
  #pairs = new Set();

  constructor(address) {
    this.#server = new URL(address);
  }

  async open() {
    await once(this.#relay.listen(0, "127.0.0.1"), "listening");
    this.address = `http://127.0.0.1:${this.#relay.address().port}`;
  }

  /** Ends every connection; no other gets through until it is restored. */
  cut() {
    this.#state = "cut";
    for (const pair of this.#pairs) pair.end();
  }

  /** From here on nothing passes and nobody is told, as when a machine sleeps. What is open by then stays dead for good. */
  silence() {
    this.#state = "silent";
    for (const pair of this.#pairs) pair.still();
  }

  /** Whoever connects from here on gets through. */
  restore() {
    this.#state = "open";
  }

  close() {
    this.#relay.close();
    this.cut();
  }

  #connect(near) {
    near.on("error", () => {}); // that it closes tells enough
    if (this.#state === "cut") return near.destroy();
    const far = connect(Number(this.#server.port), this.#server.hostname);
    far.on("error", () => {});
    const pair = {
      end: () => [near, far].forEach((socket) => socket.destroy()),
      still: () => [near, far].forEach((socket) => socket.unpipe().pause()),
    };
    this.#pairs.add(pair);
    for (const socket of [near, far]) {
      socket.once("close", () => {
        this.#pairs.delete(pair);
        pair.end();
      });
    }
    near.pipe(far);
    far.pipe(near);
    if (this.#state === "silent") pair.still();
  }
}
