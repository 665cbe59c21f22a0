// A newsroom of a test's own, whose server can be killed, stopped and started again while clients follow it.
//
//   const newsroom = await openNewsroom();
//   after(() => newsroom.close());
//   const line = await newsroom.publish("Le Sénat vote le budget");
//   await newsroom.kill(); // as a crash does it; stop() is what a deploy does
//   await newsroom.start(); // at the same address, with the same data
//   await newsroom.correct(line, { headline: "Le Sénat adopte le budget", note: "Il l'a adopté." });
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { launch, run, temporaryFolder } from "./binary.js";

const patience = 20_000; // ms until a server that is not ready is taken for broken

/**
 * Opens an empty newsroom: a data folder and an address of its own, and a server that is ready. Nothing happens in
 * it but what the test does.
 *
 * @param {string[]} [flags] further ones for the server, such as `["--drain", "1s"]`
 * @returns {Promise<Newsroom>}
 */
export async function openNewsroom(flags = []) {
  const newsroom = new Newsroom(temporaryFolder(), await freePort(), flags);
  await newsroom.start();
  return newsroom;
}

class Newsroom {
  #data;
  #flags;
  #server; // that runs; undefined while there is none

  constructor(data, port, flags) {
    this.#data = data;
    this.#flags = ["--listen", `127.0.0.1:${port}`, "--data", data, ...flags];
    /** Where the site is, without a slash at the end: `http://127.0.0.1:PORT`. It stays the same. */
    this.address = `http://127.0.0.1:${port}`;
    /** Where the API is, for HTTP and event streams. */
    this.api = `${this.address}/graphql`;
    /** An editor's, good for an hour. */
    this.token = run(["token", "--role", "editor", "--name", "marie", "--for", "1h", "--data", data]).trim();
  }

  /** Starts the server, and returns when it is ready. */
  async start() {
    if (this.#server) throw new Error("the server is running");
    const server = launch(this.#flags);
    this.#server = server;
    let over = false;
    const ended = server.ended.then((code) => {
      over = true;
      return code;
    });
    for (const deadline = Date.now() + patience; !(await isReady(this.address)); await pause(10)) {
      if (over || Date.now() > deadline) {
        this.#server = undefined;
        server.child.kill("SIGKILL");
        throw new Error(`the server does not become ready, its exit code is ${await ended}:\n${server.err()}`);
      }
    }
  }

  /** Ends the server at once, as a crash does, and returns when it is gone. */
  async kill() {
    const server = this.#take();
    server.child.kill("SIGKILL");
    await server.ended;
  }

  /** Has the server end by itself, as a deploy does, and returns when it has. That has to go well. */
  async stop() {
    const server = this.#take();
    server.child.kill("SIGTERM");
    const code = await server.ended;
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${server.err()}`);
  }

  /** Ends what still runs. */
  async close() {
    if (this.#server) await this.stop();
  }

  /**
   * Publishes a line on the ticker. It is on disk when this returns.
   *
   * @param {string} headline
   * @param {object} [more] further fields of `PublishTickerEntryInput`
   * @returns {Promise<{ id: string, version: number, headline: string }>} the line
   */
  async publish(headline, more = {}) {
    const { entry } = await this.ask(
      `mutation ($input: PublishTickerEntryInput!) { entry: publishTickerEntry(input: $input) { id version headline } }`,
      { input: { headline, ...more } },
    );
    return entry;
  }

  /**
   * Corrects a line.
   *
   * @param {{ id: string, version: number }} line as it was last returned
   * @param {{ note: string }} change the public note, and the fields of `CorrectTickerEntryInput` that change
   * @returns {Promise<{ id: string, version: number, headline: string }>} the line in its new version
   */
  async correct({ id, version }, change) {
    const { entry } = await this.ask(
      `mutation ($input: CorrectTickerEntryInput!) { entry: correctTickerEntry(input: $input) { id version headline } }`,
      { input: { id, expectedVersion: version, ...change } },
    );
    return entry;
  }

  /**
   * Withdraws a line for good.
   *
   * @param {{ id: string, version: number }} line as it was last returned
   * @param {string} note why, for readers
   * @returns {Promise<{ id: string, version: number, headline: string }>} the line in its new version
   */
  async retract({ id, version }, note) {
    const { entry } = await this.ask(
      `mutation ($input: RetractInput!) { entry: retractTickerEntry(input: $input) { id version headline } }`,
      { input: { id, expectedVersion: version, note } },
    );
    return entry;
  }

  /**
   * Asks anything, as the editor.
   *
   * @param {string} query
   * @param {object} [variables]
   * @returns {Promise<any>} the data; errors are thrown
   */
  async ask(query, variables) {
    const response = await fetch(this.api, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
    return data;
  }

  #take() {
    const server = this.#server;
    if (!server) throw new Error("no server is running");
    this.#server = undefined;
    return server;
  }
}

async function isReady(address) {
  try {
    const response = await fetch(`${address}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // nobody listens yet
  }
}

/**
 * Finds a port that nobody listens on. It is below those that the system gives to outgoing connections by itself:
 * one of them would have to hit it while the server is away.
 */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
