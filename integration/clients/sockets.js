import { createClient } from "graphql-ws";
import { setTimeout as pause } from "node:timers/promises";
import WebSocket from "ws";

/**
 * Makes a client of graphql-ws as docs/live.md sets it up, but that does not wait for seconds before it comes back.
 *
 * @param {string} url
 * @param {object} [options] further ones of graphql-ws
 * @returns {{ client: import("graphql-ws").Client, acknowledged: () => Promise<void> }} `acknowledged` returns when the
 *   server has asked what has arrived and has got the answer
 */
export function socketClient(url, options) {
  const pinged = new Set(); // who waits for the server's next question
  class Socket extends WebSocket {
    constructor(...args) {
      super(...args);
      this.on("ping", () => {
        for (const tell of pinged) tell();
        pinged.clear();
      });
    }
  }
  let overdue;
  const client = createClient({
    url,
    webSocketImpl: Socket,
    retryAttempts: Infinity,
    shouldRetry: (reason) => "code" in reason || "target" in reason, // it was closed, or could not be opened
    retryWait: () => pause(50),
    keepAlive: 10_000,
    on: {
      ping: (received) => { if (!received) overdue = setTimeout(() => client.terminate(), 5_000); },
      pong: (received) => { if (received) clearTimeout(overdue); },
    },
    ...options,
  });
  return {
    client,
    async acknowledged() {
      await new Promise((resolve) => pinged.add(resolve));
      // The server reads in order: when it has answered this it has read the answer to its question.
      for await (const { errors } of client.iterate({ query: "{ viewer { role } }" })) if (errors) throw errors[0];
    },
  };
}
