// urql: https://nearform.com/open-source/urql/docs/
import assert from "node:assert/strict";
import { test } from "node:test";

import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "@urql/core";

import { openNewsroom } from "../newsroom.js";
import { server } from "../server.js";
import { Ear, followsTheTicker, followTicker, places, promises, tickerPage } from "./following.js";
import { socketClient } from "./sockets.js";
import { allStories, publishStory, storiesPage } from "./stories.js";

const { nothingTwice, onlyWhatIsNotAcknowledged, everythingAgain } = promises;

/** A client as urql's documentation puts it together, with its document cache. */
function urqlClient({ api, socket }, options = {}) {
  const sent = []; // the requests by HTTP, and what the server's cache said
  const { client: wire, acknowledged } = socketClient(socket);
  const client = new Client({
    url: api,
    preferGetMethod: false,
    ...options,
    async fetch(url, init) {
      const response = await fetch(url, init);
      sent.push({ method: init.method ?? "GET", outcome: response.headers.get("x-cache") });
      return response;
    },
    exchanges: [
      cacheExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: wire.subscribe({ ...request, query: request.query ?? "" }, sink) }),
        }),
      }),
      fetchExchange,
    ],
  });
  return { client, sent, acknowledged, end: () => wire.dispose() };
}

/** Follows the ticker with a client. */
function follow(client, after, sink) {
  client.subscription(followTicker, { after }).subscribe(({ data, error }) => (error ? sink.error(error) : sink.next(data.ticker)));
}

followsTheTicker(
  "urql",
  (at, after, sink) => {
    const { client, acknowledged, end } = urqlClient(at);
    follow(client, after, sink);
    return { end, acknowledged };
  },
  { cut: onlyWhatIsNotAcknowledged, killed: everythingAgain, stopped: nothingTwice },
);

test("urql's document cache answers again, and is dropped by a mutation of what it has", { timeout: 30_000 }, async (t) => {
  const newsroom = await openNewsroom();
  const { client, sent, end } = urqlClient(places(newsroom.address), {
    fetchOptions: { headers: { authorization: `Bearer ${newsroom.token}` } },
  });
  t.after(async () => {
    await end();
    await newsroom.close();
  });
  await newsroom.publish("First");
  const shown = new Ear(); // of what is on the page, each time that it changes
  const page = client.query(tickerPage, {}).subscribe(({ data, error }) => (error ? shown.error(error) : shown.next(data.ticker)));
  t.after(page.unsubscribe);
  await shown.when((pages) => pages.length === 1);
  const again = await client.query(tickerPage, {}).toPromise();
  assert.deepEqual(again.data.ticker.nodes, shown.events[0].nodes);
  assert.equal(sent.length, 1, "it is asked once");

  const publish = `mutation { publishTickerEntry(input: { headline: "Second" }) { id headline } }`;
  const { error } = await client.mutation(publish, {}).toPromise();
  assert.equal(error, undefined);
  await shown.when((pages) => pages.at(-1).nodes.length === 2);
  assert.deepEqual(shown.events.at(-1).nodes.map(({ headline }) => headline), ["Second", "First"]);
  assert.equal(sent.length, 3, "the page, the mutation, and the page again");
});

test("urql asks by GET, so that caches serve it", { timeout: 30_000 }, async (t) => {
  const { client, sent, end } = urqlClient(places(new URL(server.api).origin), { preferGetMethod: true });
  t.after(end);
  const tags = "query Tags($n: Int) { tags(first: $n, filter: { kind: TOPIC }) { nodes { slug } } }";
  for (const expected of ["MISS", "HIT"]) {
    const { data } = await client.query(tags, { n: 3 }, { requestPolicy: "network-only" }).toPromise();
    assert.equal(data.tags.nodes.length, 3);
    assert.deepEqual(sent.at(-1), { method: "GET", outcome: expected });
  }
});

test("urql pages through all stories, page by page", { timeout: 30_000 }, async (t) => {
  const { client, end } = urqlClient(places(new URL(server.api).origin));
  t.after(end);
  const all = await allStories();
  const paged = [];
  let after = null;
  do {
    const { data } = await client.query(storiesPage, { first: 7, after }).toPromise();
    paged.push(...data.stories.edges.map(({ node }) => node.id));
    if (after === null) await publishStory("Published while somebody pages with urql");
    after = data.stories.pageInfo.hasNextPage ? data.stories.pageInfo.endCursor : undefined;
  } while (after);
  assert.deepEqual(paged, all, "each story once, in order");
});

test("errors reach urql with their codes", { timeout: 30_000 }, async (t) => {
  const { client, end } = urqlClient(places(new URL(server.api).origin));
  t.after(end);
  const codes = ({ graphQLErrors }) => graphQLErrors.map(({ extensions }) => extensions.code);
  const queried = await client.query(storiesPage, { first: 1, after: "nonsense" }).toPromise();
  assert.deepEqual(codes(queried.error), ["BAD_CURSOR"]);
  const invalid = await client.query("{ nothing }", {}).toPromise();
  assert.deepEqual(codes(invalid.error), ["INVALID_ARGUMENT"]);
  const refused = await client.mutation(`mutation { publishTickerEntry(input: { headline: "No token" }) { id } }`, {}).toPromise();
  assert.deepEqual(codes(refused.error), ["UNAUTHENTICATED"]);
  const ear = new Ear();
  follow(client, "nonsense", ear);
  await assert.rejects(ear.heard("anything"), (error) => {
    assert.deepEqual(codes(error), ["BAD_CURSOR"]);
    return true;
  });
});
