// Relay, without React: its compiler, its network and its store. https://relay.dev/docs/
import assert from "node:assert/strict";
import { test } from "node:test";

import relay from "relay-runtime";

import { openNewsroom } from "../newsroom.js";
import { server } from "../server.js";
import { Ear, followsTheTicker, places, promises } from "./following.js";
import { compile } from "./relay/compile.js";
import { socketClient } from "./sockets.js";
import { allStories, ask, publishStory } from "./stories.js";

const { commitMutation, ConnectionHandler, createOperationDescriptor, Environment, fetchQuery, getSelector, Network, Observable } = relay;
const { RecordSource, requestSubscription, Store } = relay;
const { nothingTwice, onlyWhatIsNotAcknowledged, everythingAgain } = promises;

const { artefact, manifest } = compile("reader.js");

/**
 * An environment as Relay's documentation puts it together.
 *
 * @param {{ api: string, socket: string }} at
 * @param {{ token?: string, keepsPlace?: boolean, named?: boolean }} [options] whether a subscription is asked again
 *   from the last cursor that it got; whether queries are named by GET instead of sent
 */
function relayEnvironment({ api, socket }, { token, keepsPlace = false, named = false } = {}) {
  const asked = []; // the names of the operations that went to the server by HTTP, and what its cache said
  const { client: wire, acknowledged } = socketClient(socket);

  async function fetchOperation({ id, name, text }, variables) {
    const headers = token && { authorization: `Bearer ${token}` };
    const url = new URL(api);
    const post = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify({ query: text, variables }) };
    if (named) {
      url.searchParams.set("documentId", id);
      url.searchParams.set("variables", JSON.stringify(variables));
    }
    const response = await fetch(url, named ? { headers } : post);
    asked.push({ name, outcome: response.headers.get("x-cache") });
    return response.json();
  }

  function subscribe({ text }, variables) {
    const place = { ...variables }; // Relay's own are frozen
    return Observable.create((sink) =>
      wire.subscribe({ query: text, variables: place }, {
        next(result) {
          for (const { cursor } of Object.values(result.data ?? {})) if (keepsPlace) place.after = cursor;
          sink.next(result);
        },
        error: sink.error,
        complete: sink.complete,
      }),
    );
  }

  const environment = new Environment({ network: Network.create(fetchOperation, subscribe), store: new Store(new RecordSource()) });
  return { environment, asked, acknowledged, end: () => wire.dispose() };
}

/** Follows the ticker with an environment. */
function follow(environment, after, sink, updater) {
  requestSubscription(environment, {
    subscription: artefact("readerTickerSubscription"),
    variables: { after },
    updater,
    onNext: (data) => sink.next(data.ticker),
    onError: sink.error,
    onCompleted: () => sink.error(new Error("the subscription is over")),
  });
}

/** Asks a query and keeps what it got in the store, as a component does that shows it. */
async function show(environment, name, variables) {
  const operation = createOperationDescriptor(artefact(name), variables);
  environment.retain(operation);
  await fetchQuery(environment, artefact(name), variables).toPromise();
  return { read: () => environment.lookup(operation.fragment).data };
}

/** Reads the data of a fragment from where it is spread. */
const readFragment = (environment, name, spread) => environment.lookup(getSelector(artefact(name), spread)).data;

for (const { keeps, keepsPlace, promised } of [
  { keeps: "with a network layer that keeps the place,", keepsPlace: true, promised: { cut: nothingTwice, killed: nothingTwice, stopped: nothingTwice } },
  { keeps: "with variables that stay what they are,", keepsPlace: false, promised: { cut: onlyWhatIsNotAcknowledged, killed: everythingAgain, stopped: nothingTwice } },
]) {
  followsTheTicker(
    `relay-runtime, ${keeps}`,
    (at, after, sink) => {
      const { environment, acknowledged, end } = relayEnvironment(at, { keepsPlace });
      follow(environment, after, sink);
      return { end, acknowledged };
    },
    promised,
  );
}

const demo = () => places(new URL(server.api).origin);

/** Shows the next pages of a connection until there is none, as usePaginationFragment does it: what it returns is how many. */
async function showAllPages(environment, query, fragment, spread, variables) {
  const connection = () => readFragment(environment, fragment, spread()).stories;
  let pages = 1;
  for (; connection().pageInfo.hasNextPage; pages++) {
    const cursor = connection().pageInfo.endCursor;
    await fetchQuery(environment, artefact(query), { ...variables, cursor }).toPromise();
  }
  return { pages, ids: connection().edges.map(({ node }) => readFragment(environment, "reader_story", node).id) };
}

test("Relay's @connection gathers all stories", { timeout: 30_000 }, async (t) => {
  const { environment, end } = relayEnvironment(demo());
  t.after(end);
  const all = await allStories();
  const { read } = await show(environment, "readerStoriesQuery", { count: 7, filter: null });
  await publishStory("Published while somebody pages with Relay");
  const { pages, ids } = await showAllPages(environment, "readerStoriesPageQuery", "reader_stories", read, { count: 7, filter: null });
  assert.deepEqual(ids, all, "each story once, in order");
  assert.equal(pages, Math.ceil(all.length / 7));
});

test("Relay pages through what a tag has, by way of Node", { timeout: 30_000 }, async (t) => {
  const { environment, end } = relayEnvironment(demo());
  t.after(end);
  const { tags } = await ask("{ tags(first: 100) { nodes { id slug storyCount } } }");
  const { id, slug, storyCount } = tags.nodes.reduce((most, tag) => (tag.storyCount > most.storyCount ? tag : most));
  assert.ok(storyCount > 3, `${slug} has ${storyCount} stories`);
  const { tag } = await ask("query ($slug: String!) { tag(slug: $slug) { stories(first: 100) { nodes { id } } } }", { slug });

  const { read } = await show(environment, "readerTagQuery", { slug, count: 3 });
  const { ids } = await showAllPages(environment, "readerTagPageQuery", "reader_tag", () => read().tag, { id, count: 3 });
  assert.deepEqual(ids, tag.stories.nodes.map((story) => story.id));
  assert.equal(ids.length, storyCount);
});

test("Relay reads an entity again by its id, and every place shows it", { timeout: 30_000 }, async (t) => {
  const { environment, asked, end } = relayEnvironment(demo());
  t.after(end);
  const id = await publishStory("Before");
  const { read } = await show(environment, "readerStoriesQuery", { count: 1, filter: null });
  const shown = () => readFragment(environment, "reader_story", readFragment(environment, "reader_stories", read()).stories.edges[0].node);
  assert.deepEqual(shown(), { id, title: "Before", version: shown().version });
  await ask(
    `mutation ($input: CorrectStoryInput!) { correctStory(input: $input) { id } }`,
    { input: { id, expectedVersion: shown().version, title: "After", note: "It is over." } },
    server.token,
  );
  await fetchQuery(environment, artefact("readerStoryQuery"), { id }).toPromise();
  assert.equal(shown().title, "After");
  assert.deepEqual(asked.map(({ name }) => name), ["readerStoriesQuery", "readerStoryQuery"]);

  const { read: node } = await show(environment, "readerNodeQuery", { id });
  assert.equal(node().node.__typename, "Story");
  assert.equal(readFragment(environment, "reader_story", node().node.story).title, "After");
});

test("Relay's store takes what a subscription brings, once, and corrections by themselves", { timeout: 30_000 }, async (t) => {
  const newsroom = await openNewsroom();
  const { environment, asked, end } = relayEnvironment(places(newsroom.address), { token: newsroom.token });
  t.after(async () => {
    await end();
    await newsroom.close();
  });
  const first = await newsroom.publish("First");
  const { read } = await show(environment, "readerTickerQuery", {});
  const headlines = () => read().ticker.edges.map(({ node }) => node.headline);
  assert.deepEqual(headlines(), ["First"]);

  const ear = new Ear();
  follow(environment, read().ticker.liveCursor, ear, (store) => {
    const entry = store.getRootField("ticker").getLinkedRecord("entry");
    const ticker = ConnectionHandler.getConnection(store.getRoot(), "reader_ticker");
    const there = ticker.getLinkedRecords("edges").some((edge) => edge.getLinkedRecord("node").getDataID() === entry.getDataID());
    if (!there) ConnectionHandler.insertEdgeBefore(ticker, ConnectionHandler.createEdge(store, ticker, entry, "TickerEdge"));
  });
  await newsroom.publish("Second");
  await ear.heard("Second");
  assert.deepEqual(headlines(), ["Second", "First"]);

  await newsroom.kill(); // everything since the page comes again
  await newsroom.start();
  await newsroom.publish("Third");
  await ear.heard("Third");
  assert.deepEqual(headlines(), ["Third", "Second", "First"]);

  await newsroom.correct(first, { headline: "Primero", note: "It is Spanish." });
  await ear.heard("Primero");
  assert.deepEqual(headlines(), ["Third", "Second", "Primero"]);

  const { correctTickerEntry: corrected } = await new Promise((resolve, reject) =>
    commitMutation(environment, {
      mutation: artefact("readerCorrectMutation"),
      variables: { input: { id: first.id, expectedVersion: 2, headline: "Premier", note: "It is French." } },
      onCompleted: (data, errors) => (errors ? reject(errors[0]) : resolve(data)),
      onError: reject,
    }),
  );
  assert.equal(corrected.version, 3);
  assert.deepEqual(headlines(), ["Third", "Second", "Premier"]);
  assert.deepEqual(asked.map(({ name }) => name), ["readerTickerQuery", "readerCorrectMutation"]);
});

test("a server knows the operations that Relay's compiler has named, and no others", { timeout: 30_000 }, async (t) => {
  const newsroom = await openNewsroom(["--operations", manifest, "--only-registered"]);
  const { environment, asked, end } = relayEnvironment(places(newsroom.address), { named: true });
  t.after(async () => {
    await end();
    await newsroom.close();
  });
  await assert.rejects(newsroom.publish("Not one of them"), /registered/);
  for (const outcome of ["MISS", "HIT"]) {
    const { ticker } = await fetchQuery(environment, artefact("readerTickerQuery"), {}).toPromise();
    assert.deepEqual(ticker.edges, []);
    assert.deepEqual(asked.at(-1), { name: "readerTickerQuery", outcome });
  }
  const ear = new Ear();
  follow(environment, "nonsense", ear);
  await assert.rejects(ear.heard("anything"), (reason) => {
    assert.equal(reason[0].extensions.code, "BAD_CURSOR", "the subscription is known");
    return true;
  });
});

test("errors reach Relay with their codes", { timeout: 30_000 }, async (t) => {
  const { environment, end } = relayEnvironment(demo());
  t.after(end);
  const query = fetchQuery(environment, artefact("readerStoriesQuery"), { count: 1000, filter: null }).toPromise();
  await assert.rejects(query, ({ source }) => {
    assert.deepEqual(source.errors.map(({ extensions }) => extensions.code), ["INVALID_ARGUMENT"]);
    return true;
  });
});
