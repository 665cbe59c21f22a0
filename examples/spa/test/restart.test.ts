// The promise of live delivery, kept over a crash of the server, by what the application uses.
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringifyDocument } from "urql";
import WebSocket from "ws";

import { liveURL, openQueries, tickerFeed } from "../src/api";
import { FollowTickerDocument, TickerDocument, type FollowTickerSubscription } from "../src/gql/graphql";
import { connect, follow, type Connection } from "../src/live/follow";
import { eventually } from "./eventually";
import { Server } from "./server";

const server = new Server();
let live: Connection;
let publish: (headline: string) => Promise<void>;

beforeAll(async () => {
  await server.start();
  live = connect(liveURL(server.api), { webSocketImpl: WebSocket });
  const headers = { "content-type": "application/json", authorization: `Bearer ${server.token()}` };
  const query = "mutation ($line: PublishTickerEntryInput!) { publishTickerEntry(input: $line) { id } }";
  publish = async (headline) => {
    const line = { id: headline, headline }; // an id of one's own makes a retry harmless
    const response = await fetch(server.api, { method: "POST", headers, body: JSON.stringify({ query, variables: { line } }) });
    const { errors } = await response.json();
    if (errors) throw new Error(JSON.stringify(errors));
  };
});

afterAll(() => {
  live.close();
  server.remove();
});

const names = (when: string) => Array.from({ length: 50 }, (_, i) => `${when}-${String(i).padStart(2, "0")}`);

/** Follows the ticker, and keeps each event that comes. */
function record(after?: string) {
  const told: string[] = [];
  let pages = 0;
  const stop = follow<string, FollowTickerSubscription>(live, {
    query: stringifyDocument(FollowTickerDocument),
    after,
    async read() {
      const { data, error } = await openQueries(server.api).query(TickerDocument, { first: 1 }).toPromise();
      if (!data) throw error;
      return data.ticker.liveCursor;
    },
    page: (cursor) => (pages++, cursor),
    event: ({ ticker }) => (told.push(ticker.item.headline), ticker.cursor),
    failed: (error) => told.push(String(error)),
  });
  return { told, stop, pages: () => pages };
}

test("each line comes once and in order, though the server is killed in the midst of it", async () => {
  const events = record();
  const feed = tickerFeed(openQueries(server.api), live);
  const unwatch = feed.watch(() => {});
  await eventually(() => expect([events.pages(), feed.state().status]).toEqual([1, "ready"]));

  for (const line of names("before")) await publish(line);

  let restarted: Promise<void> | undefined;
  for (const [i, line] of names("during").entries()) {
    const answer = publish(line);
    if (i === 25) restarted = server.kill().then(() => server.start()); // with this one under way
    await answer.catch(async () => {
      await restarted;
      await publish(line);
    });
  }

  for (const line of names("after")) await publish(line);

  const all = ["before", "during", "after"].flatMap(names);
  await eventually(() => expect(events.told.length).toBeGreaterThanOrEqual(all.length));
  await eventually(() => expect(feed.state().items.length).toBe(all.length));
  events.stop();
  unwatch();
  expect(events.told).toEqual(all);
  expect(feed.state().items.map(({ headline }) => headline).sort()).toEqual([...all].sort());
  expect(events.pages()).toBe(1); // it went on from its cursor, and did not have to begin anew
});

test("a cursor that is none leads to a page", async () => {
  const events = record("nonsense");
  await eventually(() => expect(events.pages()).toBe(1));
  await publish("behind-it");
  await eventually(() => expect(events.told).toEqual(["behind-it"]));
  events.stop();
});
