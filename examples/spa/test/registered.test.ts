// What the application asks, of a server that answers nothing but what is in its manifest.
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";

import { liveURL, openQueries, tickerFeed } from "../src/api";
import { SectionsDocument, StoriesDocument, StoryDocument, TickerDocument } from "../src/gql/graphql";
import { connect } from "../src/live/follow";
import { eventually } from "./eventually";
import { Server } from "./server";

const strict = new Server(["--demo", "--operations", "src/gql/manifest.json", "--only-registered"]);
const open = new Server(["--demo"]);
beforeAll(() => Promise.all([strict.start(), open.start()]));
afterAll(() => [strict, open].forEach((server) => server.remove()));

/** A client, and what it sent. */
function client(server: Server) {
  const sent: string[] = [];
  const queries = openQueries(server.api, {
    async fetch(url, init) {
      const response = await fetch(url, init);
      const asked = String(url).includes("query=") || init?.method !== "GET" ? "text" : "hash";
      sent.push(`${init?.method} ${asked} ${response.status}`);
      return response;
    },
  });
  return { queries, sent };
}

/** Asks every query of the application. */
async function askAll({ queries }: ReturnType<typeof client>) {
  const answers = [
    await queries.query(SectionsDocument, {}).toPromise(),
    await queries.query(StoriesDocument, { first: 3 }).toPromise(),
    await queries.query(StoriesDocument, { first: 3, section: ["politique"] }).toPromise(),
    await queries.query(StoryDocument, { slug: "no-such-story" }).toPromise(),
    await queries.query(TickerDocument, { first: 3 }).toPromise(),
  ];
  expect(answers.map(({ error }) => error)).toEqual(answers.map(() => undefined));
}

test("registered queries are addresses from the start", async () => {
  const asking = client(strict);
  await askAll(asking);
  expect(new Set(asking.sent)).toEqual(new Set(["GET hash 200"]));
});

test("others are addresses as soon as one reader has sent the text", async () => {
  const first = client(open);
  await askAll(first);
  expect(first.sent).toContain("GET hash 400"); // PERSISTED_QUERY_NOT_FOUND, and the text at once
  const second = client(open);
  await askAll(second);
  expect(new Set(second.sent)).toEqual(new Set(["GET hash 200"]));
});

test("registered subscriptions are served", async () => {
  const live = connect(liveURL(strict.api), { webSocketImpl: WebSocket });
  const ticker = tickerFeed(client(strict).queries, live);
  const unwatch = ticker.watch(() => {});
  await eventually(() => expect(ticker.state().latest?.headline).toBeTruthy()); // the demo's wire publishes by itself
  unwatch();
  live.close();
});

test("the manifest has every operation", () => {
  const manifest: Record<string, string> = JSON.parse(readFileSync("src/gql/manifest.json", "utf8"));
  const operations = Object.values(manifest).map((text) => /^(query|subscription) \w+/.exec(text)?.[0]);
  expect(operations.sort()).toEqual([
    "query Sections", "query Stories", "query Story", "query Ticker", "subscription FollowStories", "subscription FollowTicker",
  ]);
});
