// What every client that follows the ticker has to come through: a line that is cut, a crash, a deploy.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { openNewsroom } from "../newsroom.js";
import { layLine } from "./line.js";

const patience = 20_000; // ms until something that does not come is taken for lost

/** The page that a reader sees first, with the place from which to follow it. */
export const tickerPage = `query TickerPage { ticker(first: 100) { nodes { id headline version } liveCursor } }`;

/** What follows on the page. */
export const followTicker = `subscription FollowTicker($after: Cursor) {
  ticker(after: $after) { cursor kind entry { id headline version } }
}`;

/**
 * Begins to follow the ticker, as one client does it.
 *
 * @typedef {(at: { api: string, socket: string }, after: string, sink: Sink) => Following} Follow
 *   `at` is where the API is, by HTTP and by WebSocket; `after` the place to begin behind
 * @typedef {{ next: (event: TickerEvent) => void, error: (reason: unknown) => void }} Sink
 *   `error` is for what the client gives up at, not for a connection that it gets over
 * @typedef {{ cursor: string, kind: string, entry: { id: string, headline: string, version: number } }} TickerEvent
 * @typedef {{ end: () => unknown, acknowledged?: () => Promise<void> }} Following
 *   `acknowledged` returns when the server knows that everything has arrived that the sink has got by now
 */

/**
 * What docs/live.md promises of a second delivery: a function of how many lines had been heard when the connection
 * ended, how many of those were acknowledged, and at which line it went on. Nothing is ever missing.
 */
export const promises = {
  /** It knows its place, or the server does. */
  nothingTwice: ({ heard, wentOnAt }) => assert.equal(wentOnAt, heard, "it goes on behind the last line that it heard"),

  /** The server knows what has been acknowledged. */
  onlyWhatIsNotAcknowledged: ({ heard, acknowledged, wentOnAt }) => {
    assert.ok(acknowledged > 0, "something is acknowledged");
    assert.ok(wentOnAt >= acknowledged && wentOnAt <= heard, `of ${heard} lines ${acknowledged} are acknowledged, and it goes on at ${wentOnAt}`);
  },

  /** Nobody knows. */
  everythingAgain: ({ heard, wentOnAt }) => {
    assert.ok(heard > 0);
    assert.equal(wentOnAt, 0, "it begins again behind the page");
  },
};

const endings = {
  cut: { when: "the line is cut", happens: ({ line }) => line.cut() },
  killed: {
    when: "the server is killed",
    async happens({ newsroom }) {
      await newsroom.kill();
      await newsroom.start();
    },
  },
  stopped: {
    when: "the server is restarted",
    async happens({ newsroom }) {
      await newsroom.stop();
      await newsroom.start();
    },
  },
};

/**
 * Tests that a client has a gapless ticker in the end: from a page on, over lines that are published before it follows,
 * while it does, while its connection ends, before it is back, and afterwards.
 *
 * @param {string} client its name
 * @param {Follow} follow
 * @param {{ cut: Function, killed: Function, stopped: Function }} promised one of `promises` for each ending
 */
export function followsTheTicker(client, follow, promised) {
  describe(`${client} has a gapless ticker`, { concurrency: true }, () => {
    for (const [ending, promise] of Object.entries(promised)) {
      const { when, happens } = endings[ending];
      test(when, { timeout: 30_000 }, async (t) => {
        const newsroom = await openNewsroom();
        const line = await layLine(newsroom.address);
        let following;
        t.after(async () => {
          await following?.end();
          line.close();
          await newsroom.close();
        });
        const published = [];
        const publish = async (headline) => {
          await insist(() => newsroom.publish(headline, { id: `line-${headline}` }));
          published.push(headline);
        };

        await publish("0");
        const { ticker: page } = await newsroom.ask(tickerPage);
        for (const headline of ["1", "2"]) await publish(headline); // between the page and the subscription

        const ear = new Ear();
        following = follow(places(ending === "cut" ? line.address : newsroom.address), page.liveCursor, ear);
        await ear.heard("2");
        for (const headline of ["3", "4"]) await publish(headline);
        await ear.heard("4");
        if (promise === promises.onlyWhatIsNotAcknowledged) await following.acknowledged();
        const acknowledged = ear.events.length;

        await publish("5");
        const happening = happens({ newsroom, line });
        for (const headline of ["6", "7", "8", "9"]) await publish(headline); // also to a server that is away
        await happening;
        await publish("10");
        await ear.heard("10");
        for (const headline of ["11", "12"]) await publish(headline);
        await ear.heard("12");

        const lines = published.slice(1);
        assert.deepEqual(page.nodes.map(({ headline }) => headline), ["0"]);
        assert.deepEqual(withoutDoubles(ear.events).map(({ entry }) => entry.headline), lines);
        assert.deepEqual(ear.events.map(({ kind }) => kind), ear.events.map(() => "PUBLISHED"));
        const order = ear.events.map(({ entry }) => lines.indexOf(entry.headline));
        const heard = connections(order);
        assert.ok(heard.length <= 2, `one connection ended, and it heard ${order}`);
        const [first, second = [first.length]] = heard;
        promise({ heard: first.length, acknowledged, wentOnAt: second[0] });
      });
    }
  });
}

/** Where the API of a server is. */
export function places(address) {
  return { api: `${address}/graphql`, socket: `${address.replace("http", "ws")}/graphql` };
}

/** Keeps what comes, and tells when something has. */
export class Ear {
  events = [];
  #failure;
  #waiting = new Set();

  next = (event) => {
    this.events.push(event);
    this.#tell();
  };

  error = (reason) => {
    this.#failure = reason;
    this.#tell();
  };

  /** Returns when a line has been heard. What the client gives up at is thrown. */
  heard(headline) {
    return this.when((events) => events.some(({ entry }) => entry.headline === headline), headline);
  }

  /** Returns when something is true of what has been heard; `what` names it where it does not come true. */
  when(isTrue, what = isTrue) {
    return new Promise((resolve, reject) => {
      const tooLate = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`there was no ${what} in ${JSON.stringify(this.events)}`));
      }, patience);
      const look = () => {
        if (this.#failure !== undefined) reject(this.#failure);
        else if (isTrue(this.events)) resolve();
        else return;
        clearTimeout(tooLate);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #tell() {
    for (const look of [...this.#waiting]) look();
  }
}

/** What is left of events when what comes twice is dropped by its cursor, as docs/live.md advises. */
export function withoutDoubles(events) {
  const cursors = new Set();
  return events.filter(({ cursor }) => !cursors.has(cursor) && cursors.add(cursor));
}

/** Splits what was heard where it does not go on with the next line. */
function connections(order) {
  const heard = [];
  for (const [i, line] of order.entries()) {
    if (i === 0 || line !== order[i - 1] + 1) heard.push([]);
    heard.at(-1).push(line);
  }
  return heard;
}

/** Does something until it succeeds, as an author does whose server is away; the ids of the lines make that harmless. */
async function insist(act) {
  for (let left = 500; ; left--) {
    try {
      return await act();
    } catch (reason) {
      if (left === 0) throw reason;
      await pause(10);
    }
  }
}
